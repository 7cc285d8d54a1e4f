import os
import signal
import threading

import pytest

from hermes_fs.apps.chat.interrupts import interrupting


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_asks_the_turn_to_stop_from_another_thread():
    asked = threading.Event()
    where: list[threading.Thread] = []

    def interrupt() -> None:
        where.append(threading.current_thread())
        asked.set()

    with interrupting(interrupt):
        press()
        assert asked.wait(10)
    assert where[0] is not threading.main_thread()


def test_it_works_while_the_main_thread_holds_a_lock_that_the_interrupt_needs():
    lock = threading.Lock()
    done = threading.Event()

    def interrupt() -> None:
        with lock:
            done.set()

    with interrupting(interrupt):
        with lock:
            press()
        assert done.wait(10)


def test_the_third_ctrl_c_leaves():
    with pytest.raises(KeyboardInterrupt), interrupting(lambda: None):
        press()
        press()
        press()


def test_afterwards_ctrl_c_is_what_it_was():
    before = signal.getsignal(signal.SIGINT)
    with interrupting(lambda: None):
        pass
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1

"""The prompt of the interactive chat, on prompt_toolkit (extra `tui`): load it on use."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History as PromptHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from hermes_fs.apps.chat.history import History
from hermes_fs.apps.chat.reading import Candidates

_STYLE = Style.from_dict(
    {
        "prompt": "bold",
        "bottom-toolbar": "noreverse noinherit fg:ansibrightblack",
        "completion-menu": "bg:default fg:default",
        "completion-menu.completion": "bg:default fg:default",
        "completion-menu.completion.current": "bg:default fg:default bold reverse",
        "completion-menu.meta.completion": "bg:default fg:ansibrightblack",
        "completion-menu.meta.completion.current": "bg:default fg:ansibrightblack bold",
        "scrollbar.background": "bg:default",
        "scrollbar.button": "bg:ansibrightblack",
    }
)
_MENU_LINES = 8
_REFRESH_SECONDS = 2.0  # so that the toolbar tells of a background job that ended


class Prompt:
    """A `Reader` with editing, completion of slash commands, history and a toolbar."""

    def __init__(self, history: History, candidates: Candidates, coloured: bool) -> None:
        self._session: PromptSession[str] = PromptSession(
            history=_Remembered(history),
            completer=_SlashCompleter(candidates),
            complete_while_typing=Condition(self._is_command),
            key_bindings=_keys(),
            multiline=True,
            prompt_continuation=lambda width, number, wrapped: "  ",
            reserve_space_for_menu=_MENU_LINES,
            style=_STYLE,
            color_depth=None if coloured else ColorDepth.DEPTH_1_BIT,
            erase_when_done=False,
            enable_suspend=True,
        )

    def read(self, toolbar: Callable[[], str], begun: str = "") -> str:
        message = FormattedText([("class:prompt", "› ")])
        return self._session.prompt(
            message,
            default=begun,
            bottom_toolbar=lambda: FormattedText([("", f"  {toolbar()}")]),
            refresh_interval=_REFRESH_SECONDS,
        )

    def _is_command(self) -> bool:
        text = self._session.default_buffer.document.text_before_cursor
        return text.startswith("/") or text.rpartition(" ")[2].startswith("@")


class _SlashCompleter(Completer):
    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor
        word = len(text) - len(text.rpartition(" ")[2]) if " " in text else 0
        for full, about in self._candidates(text):
            yield Completion(full[word:], word - len(text), display_meta=about)


class _Remembered(PromptHistory):
    """Our file as prompt_toolkit's history, which wants the newest first."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self._history.load())

    def store_string(self, string: str) -> None:
        self._history.add(string)


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter", filter=~is_searching)
    def _send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys

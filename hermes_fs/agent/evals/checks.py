"""Looks whether what a case wants holds, in the place where its task was done. Changes nothing but by its commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from hermes_fs.agent.evals.case import Case, Check
from hermes_fs.core.errors import HermesError
from hermes_fs.core.ports import Backend, Cancel
from hermes_fs.store.formats.format import excerpt

COMMAND_SECONDS = 60.0
_MATCH_SECONDS = 10.0
_SEARCHED = 100_000
"""Characters of a file, reply or output that are looked at."""
_ASIDE = ".hermes-check"
_WRONG = {"equals": "is not", "contains": "lacks", "lacks": "holds", "matches": "does not match"}


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks in one isolated place; `root` is the work directory there. What a case brings is run and matched there
    only: its commands and its regular expressions are a stranger's."""

    backend: Backend
    root: str
    cancel: Cancel

    def failures(self, case: Case, reply: str) -> tuple[str, ...]:
        """What does not hold, a line each; none where the task was done."""
        for path, text in case.check_files.items():
            self.backend.write(f"{self.root}/{path}", text.encode())
        return tuple(line for check in case.checks for line in self._problems(check, reply))

    def _problems(self, check: Check, reply: str) -> Iterator[str]:
        match check.subject:
            case "reply":
                yield from self._said(check, "the reply", reply)
            case "file":
                yield from self._file(check)
            case "command":
                command = f"cd {shlex.quote(self.root)} && {check.name}"
                done = self.backend.run(command, timeout=COMMAND_SECONDS, cancel=self.cancel)
                if done.code != check.exit:
                    said = excerpt(done.output, 120)
                    yield f"`{excerpt(check.name)}` ended with {done.code}, not {check.exit}: {said}"
                yield from self._said(check, f"what `{excerpt(check.name)}` prints", done.output)

    def _file(self, check: Check) -> Iterator[str]:
        try:
            text = self.backend.read(f"{self.root}/{check.name}").decode("utf-8", "replace")
        except HermesError as error:
            if check.exists:
                yield f"{check.name}: {error.message}"
            return
        if check.exists:
            yield from self._said(check, check.name, text)
        else:
            yield f"{check.name} is there, and should not be"

    def _said(self, check: Check, what: str, text: str) -> Iterator[str]:
        looked_at = text[:_SEARCHED]
        for how, wanted in check.says:
            if not self._holds(how, wanted, looked_at):
                yield f"{what} {_WRONG[how]} {excerpt(wanted)!r}; it is {excerpt(looked_at, 80)!r}"

    def _holds(self, how: str, wanted: str, text: str) -> bool:
        match how:
            case "equals":
                return text.strip() == wanted.strip()
            case "contains":
                return wanted in text
            case "lacks":
                return wanted not in text
            case _:
                return self._matches(wanted, text)

    def _matches(self, pattern: str, text: str) -> bool:
        """By grep inside: it gives up where a pattern would run for ever."""
        aside = f"{self.root}/{_ASIDE}"
        self.backend.write(aside, text.encode())
        command = f"LC_ALL=C.UTF-8 command grep -Pzq -e {shlex.quote(pattern)} -- {shlex.quote(aside)}"
        return self.backend.run(command, timeout=_MATCH_SECONDS, cancel=self.cancel).code == 0

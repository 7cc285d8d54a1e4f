"""search_files: by content or by name, with rg where the backend has it, else with grep and find."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from hermes_fs.core.errors import HermesError, QuotingError, ToolError
from hermes_fs.core.ports import Completed
from hermes_fs.core.types import Effects, Told
from hermes_fs.tools import approval
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.places import STRAYED, readable, standing_in
from hermes_fs.tools.sensitive import FOLDERS, NAMES

MATCHES = 100
LINE_CHARACTERS = 300
TIMEOUT_SECONDS = 30.0

_SKIPPED = (".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", *FOLDERS)

# No alias or function of the shell gets between (`\command`), and nothing of it stays (a shell of its own). The status
# is that of the searcher: 0 found, 1 nothing, more: an error; 141 says that head had enough.
_FRAME = r"""(
%(stand)s
PATH=/usr/bin:/bin:$PATH
if \command -v %(program)s >/dev/null 2>&1; then
  %(rg)s
else
  %(plain)s
fi | \command head -n %(limit)d
\builtin exit "${PIPESTATUS[0]}"
)"""


class SearchFiles:
    name = "search_files"
    description = "Search files below a directory: lines that match a regex, or with names=true files by glob."
    effects: Effects = "none"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "pattern": {"type": "string"},
            "path": {"type": "string"},
            "glob": {"type": "string", "description": "only files such as *.py"},
            "names": {"type": "boolean"},
        },
        "required": ["pattern"],
    }

    def __init__(self, rg: str = "rg") -> None:
        """`rg` is the program to prefer where the backend has it."""
        self._rg = rg

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str | Told:
        if not args["pattern"]:
            raise ToolError("the pattern is empty", "say what to look for")
        place = readable(context, args.get("path", "."))
        approval.read(context, place)
        names = args.get("names", False)
        build = _by_name if names else _by_content
        folder, name = (place.path, "") if place.is_dir else place.path.rsplit("/", 1)
        rg, plain = build(args["pattern"], f"./{name}".removesuffix("/"), args.get("glob", ""))
        parts = {"stand": standing_in(folder or "/"), "program": self._rg, "rg": rg, "plain": plain}
        command = _FRAME % {**parts, "limit": MATCHES + 1}
        done = context.backend.run(command, timeout=TIMEOUT_SECONDS, cancel=context.cancel)
        context.cancel.check()
        return _told(done, _Shown(context, folder))


class _Shown:
    """Which of the found lines are shown: those of files that have one name only. read_file asks about the others, as
    their further names may lie anywhere."""

    def __init__(self, context: ToolContext, folder: str) -> None:
        self._context = context
        self._folder = folder
        self._known: dict[str, bool] = {}
        self.left_out = 0

    def line(self, found: str) -> str:
        """The line as it is shown, "" for one that is not."""
        name, nul, rest = found.partition("\0")
        if not nul:
            return _cut(found.removeprefix("./"))
        if name not in self._known:
            self._known[name] = self._has_one_name(name)
            self.left_out += not self._known[name]
        return _cut(f"{name.removeprefix('./')}:{rest}") if self._known[name] else ""

    def _has_one_name(self, name: str) -> bool:
        try:
            return self._context.backend.stat(f"{self._folder}/{name}").names <= 1
        except HermesError:
            return False


def _told(done: Completed, shown: _Shown) -> str | Told:
    found = [line for line in done.output.split("\n") if line]
    lines = [line for line in map(shown.line, found) if line]
    if done.code == STRAYED:
        raise ToolError("the directory changed while it was being searched", "search again")
    if done.code == 124:
        lines.append(f"[stopped after {TIMEOUT_SECONDS:.0f} s; search a smaller directory]")
    elif done.code not in (0, 1, 141) and not any(line.startswith("./") for line in found):
        raise QuotingError(f"the search failed: {' '.join(done.output.split())}", "check the pattern")
    if len(found) > MATCHES:
        lines[MATCHES:] = [f"[more than {MATCHES}; narrow the pattern or the path]"]
    if shown.left_out:
        lines.append(f"[left out: {shown.left_out} hard-linked files that match; read_file asks for leave]")
    return Told("\n".join(lines), "file") if lines else "nothing found"


def _cut(line: str) -> str:
    return line if len(line) <= LINE_CHARACTERS else f"{line[:LINE_CHARACTERS]}..."


def _by_content(pattern: str, path: str, glob: str) -> tuple[str, str]:
    """The command with rg, and the one without."""
    excluded = [f"--glob=!{name}" for name in (*_SKIPPED, *NAMES)]
    rg = ["rg", "--no-config", "--line-number", "--no-heading", "--color=never", "--with-filename", "--null",
          "--sort=path", "--no-messages", "--max-columns=2000", "--max-columns-preview",
          *([f"--glob={glob}"] if glob else []), *excluded, "-e", pattern, "--", path]  # fmt: skip
    grep = ["-rnIsH", "--null", "--color=never", *([f"--include={glob.rpartition('/')[2]}"] if glob else []),
            *(f"--exclude-dir={name}" for name in _SKIPPED), *(f"--exclude={name}" for name in NAMES),
            "-e", pattern, "--", path]  # fmt: skip
    # -P knows \d and the like as rg does; greps without it have -E.
    plain = (
        "if printf x | \\command grep -qP x 2>/dev/null; then kind=P; else kind=E; fi\n"
        f"  \\command grep -$kind {_quoted(grep)} 2>&1"
    )
    return f"\\command {_quoted(rg)} 2>&1", plain


def _by_name(pattern: str, path: str, glob: str) -> tuple[str, str]:
    """`glob` narrows a name search too, as a second pattern."""
    pruned: list[str] = []
    for name in _SKIPPED:
        pruned += ["-name", name, "-o"]
    tests: list[str] = []
    for wanted in (pattern, glob):
        if wanted:
            by_path = "/" in wanted.lstrip("/")
            tests += ["-path", f"*/{wanted.lstrip('/').replace('**', '*')}"] if by_path else ["-iname", wanted]
    find = ["find", path, "(", *pruned[:-1], ")", "-prune", "-o", *tests, "-print"]
    line = f"\\command {_quoted(find)} 2>/dev/null | LC_ALL=C \\command sort"
    return line, line


def _quoted(words: list[str]) -> str:
    return " ".join(map(shlex.quote, words))

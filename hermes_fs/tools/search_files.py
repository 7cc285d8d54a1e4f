"""search_files: by content or by name, with rg where the backend has it, else with grep and find."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from hermes_fs.core.errors import ToolError
from hermes_fs.core.ports import Completed
from hermes_fs.core.types import Effects, Told
from hermes_fs.tools import approval
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.places import readable
from hermes_fs.tools.sensitive import FOLDERS, NAMES

MATCHES = 100
LINE_CHARACTERS = 300
TIMEOUT_SECONDS = 30.0

_SKIPPED = (".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", *FOLDERS)

# No alias or function of the shell gets between (`\command`), and nothing of it stays (a shell of its own). The status
# is that of the searcher: 0 found, 1 nothing, more: an error; 141 says that head had enough.
_FRAME = r"""(
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
        rg, plain = build(args["pattern"], place.path, args.get("glob", ""))
        command = _FRAME % {"program": self._rg, "rg": rg, "plain": plain, "limit": MATCHES + 1}
        done = context.backend.run(command, timeout=TIMEOUT_SECONDS, cancel=context.cancel)
        context.cancel.check()
        return _told(done, place.path)


def _told(done: Completed, root: str) -> str | Told:
    found = [line for line in done.output.split("\n") if line]
    lines = [_relative(line, root) for line in found]
    if done.code == 124:
        lines.append(f"[stopped after {TIMEOUT_SECONDS:.0f} s; search a smaller directory]")
    elif done.code not in (0, 1, 141) and not any(line.startswith(root) for line in found):
        raise ToolError(f"the search failed: {' '.join(done.output.split())}", "check the pattern")
    if not lines:
        return "nothing found"
    if len(lines) > MATCHES:
        lines[MATCHES:] = [f"[more than {MATCHES}; narrow the pattern or the path]"]
    return Told("\n".join(lines), "file")


def _relative(line: str, root: str) -> str:
    line = line.removeprefix(f"{root.rstrip('/')}/")
    return line if len(line) <= LINE_CHARACTERS else f"{line[:LINE_CHARACTERS]}..."


def _by_content(pattern: str, path: str, glob: str) -> tuple[str, str]:
    """The command with rg, and the one without."""
    excluded = [f"--glob=!{name}" for name in (*_SKIPPED, *NAMES)]
    rg = ["rg", "--no-config", "--line-number", "--no-heading", "--color=never", "--with-filename", "--sort=path",
          "--no-messages", "--max-columns=2000", "--max-columns-preview", *([f"--glob={glob}"] if glob else []),
          *excluded, "-e", pattern, "--", path]  # fmt: skip
    grep = ["-rnIsH", "--color=never", *([f"--include={glob.rpartition('/')[2]}"] if glob else []),
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

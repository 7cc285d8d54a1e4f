"""skill_run: runs a script of a skill, or one function of it, in the backend; approved as any command is.

Whatever the script prints is a program's word; what a function returns comes back as JSON.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from hermes_fs.core.errors import NotFound, Refused, ToolError
from hermes_fs.core.ports import Completed
from hermes_fs.core.types import Effects, Told
from hermes_fs.store import skill_scripts
from hermes_fs.store.skill_places import FILE, Spot
from hermes_fs.store.skill_scripts import Function, Script
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.skills import found, text_of, trusted, use
from hermes_fs.tools.terminal import LONGEST_SECONDS, as_words, perform

MARK = "@@result "
TAIL = 6_000
"""Characters of what was printed that the model is given."""
_RUNNER = (
    "import json,os,runpy,sys;f,n,a=sys.argv[1:];sys.path.insert(0,os.path.dirname(f));"
    "r=runpy.run_path(f)[n](**json.loads(a));"
    f'print("\\n{MARK}"+json.dumps(r,default=str))'
)
_TEXT = {"type": "string"}


class SkillRun:
    name = "skill_run"
    description = "Run a skill's script; no script: list them. Python: function and arguments by name. Others: argv."
    effects: Effects = "work"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            **{key: _TEXT for key in ("name", "script", "function")},
            "arguments": {"type": "object"},
            "argv": {"type": "array", "items": _TEXT},
            "timeout": {"type": "integer", "minimum": 1, "maximum": LONGEST_SECONDS, "description": "seconds"},
        },
        "required": ["name"],
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str | Told:
        spot = found(context, str(args["name"]).strip().strip("/"))
        known = skill_scripts.scripts({path: spot.read(path) or b"" for path in spot.files()})
        if not args.get("script"):
            said = "\n".join(_described(known)) or f"skill {spot.name} has no scripts"
            return said if trusted(context, spot) else Told(said, "file")
        if not trusted(context, spot):
            hint = f"the user decides with `hermes trust show skill:{spot.name}`"
            raise Refused(f"skill {spot.name} came from elsewhere and is not trusted: nothing of it is run", hint)
        script = _chosen(known, spot, str(args["script"]))
        command = _command(spot, script, args)
        use(context, spot, text_of(context, spot, FILE))
        timeout = float(args.get("timeout", context.memo.settings.timeout))
        what = f"{args['function']} of {script.path}" if args.get("function") else script.path
        done, remarks = perform(context, command, timeout, f"Run {what}, a script of the skill {spot.name},")
        return as_words(done, told(done, bool(args.get("function")), timeout, remarks))


def _described(scripts: Sequence[Script]) -> list[str]:
    lines = []
    for one in scripts:
        about = one.problem and f"cannot be read: {one.problem}"
        lines.append(f"{one.path} ({one.language}){': ' * bool(about or one.about)}{about or one.about}")
        lines += [f"  {each.signature}{': ' * bool(each.about)}{each.about}" for each in one.functions]
    return lines


def _chosen(scripts: Sequence[Script], spot: Spot, wanted: str) -> Script:
    """By its path, with or without the folder and the ending where that is enough."""
    name = wanted.strip("/").removeprefix(f"skills/{spot.name}/").removeprefix(skill_scripts.FOLDER)
    rest = [(one, one.path.removeprefix(skill_scripts.FOLDER)) for one in scripts]
    fits = [one for one, path in rest if path == name] or [one for one, path in rest if path.rpartition(".")[0] == name]
    if len(fits) != 1:
        paths = ", ".join(one.path for one in scripts[:20])
        raise NotFound(f"skill {spot.name} has no script {wanted}", f"it has: {paths or 'none'}")
    return fits[0]


def _command(spot: Spot, script: Script, args: Mapping[str, Any]) -> str:
    path = str(spot.folder / script.path)
    if not args.get("function"):
        if args.get("arguments"):
            raise ToolError("arguments go to a function", "name the function, or give argv, a list of texts")
        return shlex.join([*_program(script), path, *map(str, args.get("argv", ()))])
    if args.get("argv"):
        raise ToolError("argv goes to a whole script", "give a function its arguments by name in `arguments`")
    function = _function(script, str(args["function"]))
    arguments = args.get("arguments", {})
    wrong = skill_scripts.objections(function, arguments)
    if wrong:
        raise ToolError(f"{function.name}: {'; '.join(wrong)}", f"it is {function.signature}")
    return shlex.join(["python3", "-IBuc", _RUNNER, path, function.name, json.dumps(arguments)])


def _program(script: Script) -> list[str]:
    """Python without what lies in the work directory on its path, and without leaving bytecode in the mind."""
    match script.language:
        case "python":
            return ["python3", "-Bu"]
        case "shell":
            return ["bash"]
        case _:
            return list(script.program)


def _function(script: Script, name: str) -> Function:
    if script.language != "python" or script.problem:
        raise ToolError(f"{script.path} has no functions to call", script.problem or "give argv, a list of texts")
    fits = [one for one in script.functions if one.name == name]
    if not fits:
        known = "; ".join(one.signature for one in script.functions)
        raise NotFound(f"{script.path} has no function {name}", f"it has: {known or 'none that can be called'}")
    return fits[0]


def told(done: Completed, called: bool, timeout: float, remarks: Sequence[str]) -> str:
    """Exit code, what a function returned, the end of what was printed, remarks."""
    printed, returned = done.output.rstrip("\n"), ""
    if called and not done.code:
        printed, _, returned = printed.rpartition(MARK)
    lines = [f"exit code {done.code}" + (f": stopped after {timeout:.0f} s" if done.code == 124 else "")]
    if called and not done.code:
        lines.append(f"result: {returned}" if _is_json(returned) else "result: too long to be shown whole")
    if tail := printed.strip("\n")[-TAIL:]:
        lines.append(f"{'output, its end' if len(printed) > TAIL or done.dropped else 'output'}:\n{tail}")
    if done.overflow:
        lines.append(f"[the whole output: read_file {done.overflow}]")
    return "\n".join([*lines, *(f"[{remark}]" for remark in remarks)])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True

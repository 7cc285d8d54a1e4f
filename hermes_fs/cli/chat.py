"""`hermes` and `hermes chat`: opens the workspace (making one on first use), then hands over to the chat app."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.apps.chat.face import Face
from hermes_fs.apps.chat.ink import Ink
from hermes_fs.apps.chat.oneshot import JsonLines, nobody, run_once
from hermes_fs.apps.chat.plain import Plain
from hermes_fs.cli.app import example, single
from hermes_fs.cli.open import config_of
from hermes_fs.core.errors import NotFound, ProviderError, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Part, Text
from hermes_fs.providers.select import is_set_up
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store import locate
from hermes_fs.store.state import git_dir_of

app = single()

_NO_MODEL = """\
No model is set up. `hermes setup` asks for a key, hidden, or an address. Any OpenAI-compatible server will do, or none:

  hermes model pull && hermes model embedded         a small one that runs on this machine, without a key
  export OPENAI_API_KEY=sk-…                         OpenAI
  export OPENAI_BASE_URL=http://localhost:11434/v1   a server of your own: Ollama, llama.cpp, vLLM, LM Studio …
  hermes model list                                  what is reachable from here

Then run `hermes` again.
"""


@app.command(
    epilog=example(
        "hermes chat",
        'hermes chat -q "what is in this folder?"',
        'git diff | hermes chat -q "review this" --json',
        "hermes chat --continue",
    )
)
def chat(
    context: typer.Context,
    question: Annotated[str, typer.Option("-q", "--question", help="Ask this one thing, print the reply, end.")] = "",
    last: Annotated[bool, typer.Option("--continue", help="Go on with the last session.")] = False,
    session: Annotated[str, typer.Option(help="Go on with this session: its id or the beginning of it.")] = "",
    model: Annotated[str, typer.Option(help="The model to use for this session: NAME or PROVIDER/NAME.")] = "",
    backend: Annotated[str, typer.Option(help="Where commands run in this session: auto, sandbox or local.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as one JSON object on a line.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Allow everything that would be asked about.")] = False,
) -> None:
    """Chat with the agent; with -q or piped text, ask one thing and print the reply."""
    if last and session:
        raise UsageError("--continue and --session name two sessions", "give one of them")
    text = _message(question)
    source = context.get_parameter_source("question")
    if not text and source and source.name != "DEFAULT":  # a script's variable that is empty
        raise UsageError("-q needs a message", 'give one: hermes chat -q "…"')
    if as_json and not text:
        raise UsageError("--json needs a message", 'give one with -q "…" or pipe it in')
    workspace = _workspace(context.obj.workspace, interactive=not text, yes=yes)
    chosen = {"terminal.backend": backend} if backend else {}
    options = Options(workspace, Path.cwd(), os.environ, model, yes, settings=chosen)
    resumed = "last" if last else session
    try:
        code = _open(options, resumed, text, question, as_json)
    except ProviderError as error:
        if error.fault != "auth":
            raise
        if not _first_model(workspace, model, yes):
            raise typer.Exit(_without_model(error, bool(text))) from error
        code = _open(options, resumed, text, question, as_json)
    raise typer.Exit(code)


def _open(options: Options, session: str, text: str, question: str, as_json: bool) -> int:
    with Runtime.open(options) as runtime:
        return _once(runtime, session, text, question, as_json) if text else _talk(runtime, session)


def _first_model(workspace: Path, model: str, yes: bool) -> bool:
    """Whether there is a model now where none was set up: offered, and taken."""
    config = config_of(workspace)
    if is_set_up(config, os.environ, model):
        return False
    done: bool = load("hermes_fs.cli.first_model:offer")(config, git_dir_of(workspace) / "hermes", yes)
    return done


def _without_model(error: ProviderError, once: bool) -> int:
    """Say what to do; the exit code."""
    if once or not sys.stderr.isatty():
        raise UsageError(error.message, error.hint) from error
    print(_NO_MODEL, file=sys.stderr)
    return UsageError.exit_code


def _message(question: str) -> str:
    """The message of `-q`, with what is piped in below it."""
    piped = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
    if "\0" in piped or any("\ud800" <= letter <= "\udfff" for letter in piped):
        raise UsageError("what is piped in is no text", "name the file in the message instead")
    return "\n\n".join(part for part in (question.strip(), piped.strip("\n")) if part.strip())


def _workspace(explicit: Path | None, interactive: bool, yes: bool) -> Path:
    """The workspace that is meant; on first use one is made, after asking."""
    try:
        return locate.find(explicit, Path.cwd(), os.environ)
    except NotFound:
        wanted = locate.default(os.environ)
        elsewhere = explicit is not None or bool(os.environ.get("HERMES_WORKSPACE"))
        asked = interactive and sys.stdin.isatty()
        if elsewhere or not (yes or (asked and _agreed(wanted))):
            raise
    workspace, _ = load("hermes_fs.store.init:init")(wanted)
    workspace.close()
    return wanted


def _agreed(wanted: Path) -> bool:
    ink = Ink(sys.stdout, os.environ)
    print(f"\n  {ink('hermes', 'bold')} keeps its mind in a folder of plain files under git. There is none yet.\n")
    return input(f"  Make one at {wanted}? [Y/n] ").strip().lower() in ("", "y", "yes")


def _once(runtime: Runtime, session: str, text: str, question: str, as_json: bool) -> int:
    found = _mentioned(question, runtime.work_dir)
    asked = question.strip()
    if asked and text != asked:  # what is piped in beside a question was not said by the person
        piped = load("hermes_fs.core.foreign:wrap")(text.removeprefix(asked).strip("\n"), "file")
        text, found = asked, (Text(f"\n\n{piped}", aside=True, origin="file"), *found)
    conversation = runtime.conversation(session)
    try:
        if as_json:
            lines = JsonLines(sys.stdout)
            lines.begin(conversation)
            return run_once(conversation, text, lines, nobody, found)
        tty = load("hermes_fs.apps.chat.tty:Tty").find() if sys.stderr.isatty() else None
        face = _face()
        if tty is None:
            return run_once(conversation, text, face, nobody, found)
        ask = load("hermes_fs.apps.chat.asking:Asker")(tty, face, conversation.interrupt, Ink(sys.stderr, os.environ))
        return run_once(conversation, text, face, ask, found)
    finally:
        conversation.close()
        runtime.settle(conversation)


def _mentioned(question: str, work_dir: Path) -> tuple[Part, ...]:
    """The files that the question names; what is piped in was not typed, so it names none."""
    if "@" not in question and "/" not in question:
        return ()
    found = load("hermes_fs.apps.chat.mentions:attached")(question, work_dir, Path.home())
    for remark in found.remarks:
        print(one_line(remark), file=sys.stderr)
    parts: tuple[Part, ...] = found.parts
    return parts


def _face() -> Face:
    """Live on a terminal; else the reply alone on stdout, and remarks on stderr where that is one."""
    if sys.stdout.isatty():
        live: Face = load("hermes_fs.apps.chat.assemble:stage")(os.environ)
        return live
    return Plain(sys.stdout, sys.stderr if sys.stderr.isatty() else None, sys.stderr)


def _talk(runtime: Runtime, session: str) -> int:
    code: int = load("hermes_fs.apps.chat.app:converse")(runtime, session)
    return code

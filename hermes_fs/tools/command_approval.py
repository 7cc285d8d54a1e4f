"""Decides on a command before it runs: by what it can do, by the person's standing answers, else by asking them.

Bound to the exact command and directory. Where nobody can answer, the answer is no.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from hermes_fs.core.errors import HermesError, Refused
from hermes_fs.core.events import Asked, Notice
from hermes_fs.core.terminal import spelled_line
from hermes_fs.core.types import Answer, Question
from hermes_fs.store import settings
from hermes_fs.tools.approval import NO, ONCE, SESSION, may_write, refuse
from hermes_fs.tools.commands import rules
from hermes_fs.tools.commands.policy import Decision, Ground, Situation, decide
from hermes_fs.tools.context import Grant, ToolContext
from hermes_fs.tools.harmless import Judged, judge
from hermes_fs.tools.places import locate

ALWAYS, NEVER = "always", "never"
_REASONS = 4  # that a question gives, the gravest first
_REASON = 160  # characters of one
_NEVER_HINT = "do something else; the user takes it back with `hermes approvals remove`"
_GRAVE = frozenset(("credentials", "persist"))
_AFTER = "after words of others"  # marks a grant of the network
_SCRATCH = ("/tmp", "/var/tmp", "/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/zero")
_SYSTEM = ("/usr", "/etc", "/opt", "/bin", "/sbin", "/lib", "/lib64", "/var/log", "/proc", "/sys", "/dev/urandom",
           "/var/lib", "/System", "/Library", "/Applications", "/nix")  # fmt: skip


def command(context: ToolContext, text: str, purpose: str = "Run this") -> str:
    """The command line to run in place of `text`: the same, once it is allowed, or a hardened form where it only reads.
    Raises Refused."""
    memo, directory = context.memo, context.backend.cwd
    if rules.forbidden(text, memo.settings.never):
        _note(context, text, directory, NEVER)
        raise Refused("not done: the user said never to this command", _NEVER_HINT)
    _close_what_was_open(context)
    judged = judge(text)
    if judged is not None and _only_reads_what_it_may(context, judged):
        return judged.hardened
    decision = decide(text, situation(context))
    reasons = decision.reasons or _second_look(context, text)
    if reasons and not _is_settled(context, text, decision):
        _ask(context, text, purpose, decision, reasons)
    if decision.goes_out and context.backend.capabilities.isolated:
        _open(context, decision)
    return text


def situation(context: ToolContext) -> Situation:
    """Where a command of this conversation would run."""
    able = context.backend.capabilities
    hosts = frozenset(grant.subject for grant in context.memo.grants if grant.action == "network")
    network = able.network and not able.isolated
    return Situation(lambda path: _ground(context, path), able.isolated, network, context.memo.tainted, hosts)


def _is_settled(context: ToolContext, text: str, decision: Decision) -> bool:
    """Whether the person has answered already."""
    memo, directory = context.memo, context.backend.cwd
    if _needs_a_yes_of_its_own(context, decision):
        return False
    if memo.settings.approvals == "allow" or Grant("run", directory, text) in memo.grants:
        return True
    rule = rules.allowed(text, directory, memo.settings.always)
    if rule is not None:
        _note(context, text, directory, ALWAYS)
    return rule is not None


def _needs_a_yes_of_its_own(context: ToolContext, decision: Decision) -> bool:
    """In a tainted context nothing goes out on an earlier answer, and outside of a sandbox no credential is read and
    nothing made to run later: the answer was not about this."""
    grave = not context.backend.capabilities.isolated and decision.effects & _GRAVE
    return context.memo.tainted and (decision.goes_out or bool(grave))


def _second_look(context: ToolContext, text: str) -> tuple[str, ...]:
    """What a model says of a command that may run; it can only make us ask."""
    second = context.memo.settings.judge
    reason = second(text, context.backend.cwd) if second is not None else ""
    return (f"may be harmful, says the model that judges: {reason}",) if reason else ()


def _ask(context: ToolContext, text: str, purpose: str, decision: Decision, reasons: tuple[str, ...]) -> None:
    memo, directory = context.memo, context.backend.cwd
    if memo.settings.approvals == "deny":
        _note(context, text, directory, "deny")
        raise Refused(
            "not done: approvals are set to deny", "do what needs no approval, or tell the user what you need"
        )
    rule = rules.rule_for(text, directory, decision.effects) if decision.readable else None
    alone = _needs_a_yes_of_its_own(context, decision)
    options = (ONCE, NO) if alone else (ONCE, SESSION, *((ALWAYS,) if rule else ()), NEVER, NO)
    prompt = f"{purpose} in {spelled_line(directory)}? It {_worded(reasons)}." + _outlook(context, decision)
    prompt += f"\nalways: {rule}" if rule and not alone else ""
    answer = context.ask(Question("approve", prompt, text, options)).value
    context.cancel.check()
    match answer:
        case "once":
            return
        case "session":
            memo.grants.add(Grant("run", directory, text))
        case "always" if rule is not None:
            _keep(context, "always", str(rule))
        case "never":
            _keep(context, "never", text)
            raise Refused("not done: the user said never to this command", _NEVER_HINT)
        case _:
            refuse(answer)


def _worded(reasons: tuple[str, ...]) -> str:
    """One line: a reason quotes the command, which is the model's."""
    said = "; it ".join(spelled_line(reason, _REASON) for reason in reasons[:_REASONS])
    more = len(reasons) - _REASONS
    return f"{said}; and {more} more such {'thing' if more == 1 else 'things'}" if more > 0 else said


def _outlook(context: ToolContext, decision: Decision) -> str:
    """What a yes opens besides."""
    if not (decision.goes_out and context.backend.capabilities.isolated):
        return ""
    hosts = ", ".join(spelled_line(host, _REASON) for host in decision.hosts)
    return f" A yes opens the network to {hosts or 'any host'} for this session."


def _open(context: ToolContext, decision: Decision) -> None:
    for host in decision.hosts or ("",):
        try:
            context.backend.allow_network(host)
        except Refused as refused:  # it opens all or nothing, which is more than the person was asked about
            _ask_for_all(context, host, refused)
            host = ""
        context.memo.grants.add(Grant("network", _AFTER if context.memo.tainted else "", host))


def _close_what_was_open(context: ToolContext) -> None:
    """A yes from before words of others were read was not about what those may want: code that runs unasked in a
    sandbox would reach the hosts."""
    memo = context.memo
    before = {grant for grant in memo.grants if grant.action == "network" and grant.directory != _AFTER}
    if memo.tainted and before and context.backend.capabilities.isolated:
        context.backend.close_network()
        memo.grants -= before
        context.emit(Notice("warning", "the network is closed again: the conversation has read words of others"))


def _ask_for_all(context: ToolContext, host: str, refused: Refused) -> None:
    alone = f"not to {spelled_line(host, _REASON)} alone"
    prompt = f"The network can only be opened as a whole here, {alone}. Open it for this session?"
    answer = context.ask(Question("approve", prompt, refused.message, (ONCE, NO))).value
    context.cancel.check()
    if answer != ONCE:
        refuse(answer)
    context.backend.allow_network()


def _keep(context: ToolContext, which: str, line: str) -> None:
    """In this machine's settings, beside what other conversations kept meanwhile, and for the rest of this one. A no
    that holds here is never lost; a yes that was taken back elsewhere does not come back."""
    memo = context.memo
    lines = (*memo.settings.never, line) if which == "never" else (line,)
    kept = settings.add_local(context.workspace.state_dir, f"approvals.{which}", lines)
    memo.settings = memo.settings.with_answers(**{which: kept})


def _note(context: ToolContext, text: str, directory: str, answer: str) -> None:
    """A decision that nobody was asked for stands in the transcript too."""
    question = Question("approve", f"Run this in {directory}?", text)
    context.emit(Asked(question, Answer(answer, "rule")))


def _ground(context: ToolContext, path: str) -> Ground:
    """A place in /tmp or of the system counts as such only where it is named so: not at the end of a link."""
    plain = path.split("*")[0].split("?")[0].split("[")[0] or "."
    try:
        place = locate(context, plain)
    except HermesError:
        return "outside"
    if place.zone == "work":
        return "granted" if may_write(context, place.path) else "inside"
    if place.zone != "outside":
        return place.zone
    if _is_in(place.path, (_home(context),)):
        return "outside"
    if plain in _SCRATCH or all(_is_in(name, _SCRATCH) for name in (place.path, plain)):
        return "scratch"
    return "system" if all(_is_in(name, _SYSTEM) for name in (place.path, plain)) else "outside"


def _home(context: ToolContext) -> str:
    try:
        return locate(context, "~").path
    except HermesError:
        return "/nowhere"


def _is_in(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or PurePosixPath(path).is_relative_to(folder) for folder in folders)


def _only_reads_what_it_may(context: ToolContext, judged: Judged) -> bool:
    """The paths that a harmless command names, links followed: shown only where file tools may read without asking,
    listed elsewhere too, but all that lies below a folder only in what every user may read of the system."""
    for path in (*judged.shown, *judged.named):
        if path == "-":
            continue
        try:
            place = locate(context, path)
        except HermesError:
            return False
        closed = path in judged.shown or (path in judged.walked and _ground(context, path) == "outside")
        if place.sensitive or place.zone == "hidden" or (place.zone == "outside" and closed):
            return False
    return True

"""ask_about_user: what is believed of the person, or of another who is known, with the claims that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hermes_fs.core.errors import Refused, ToolError
from hermes_fs.core.loading import load
from hermes_fs.core.people import OWNER, Claim, Opinion
from hermes_fs.core.ports import UserModel
from hermes_fs.core.types import Effects, Told
from hermes_fs.tools import approval
from hermes_fs.tools.context import ToolContext

_TEXT = {"type": "string"}


class AskAboutUser:
    name = "ask_about_user"
    description = (
        "Ask the model of the person (needs, preferences, goals, constraints, style). who: another one's name."
    )
    effects: Effects = "none"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {"question": _TEXT, "who": _TEXT},
        "required": ["question"],
    }

    def __init__(self, about: Callable[[str], UserModel] | None = None) -> None:
        self._about = about

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str | Told:
        question = str(args.get("question") or "").strip()
        if not question:
            raise ToolError("ask_about_user needs a question", 'give "question"')
        if self._about is None:
            raise Refused("nobody can be asked here", "recall finds what was said")
        asking = context.session.person
        resolve = load("hermes_fs.store.portraits:resolve")  # a start does without it
        handle: str = resolve(context.workspace, str(args.get("who") or asking))
        if asking not in (OWNER, handle):
            raise Refused("only the owner may ask about others", "ask about the person you talk with")
        model = self._about(handle)
        if model.remote:
            approval.sending(context, model.name, question)
        opinion = model.ask(question, context.cancel)
        return shown(opinion) if opinion.origin == "agent" else Told(shown(opinion), opinion.origin)


def shown(opinion: Opinion) -> str:
    """An opinion as the model reads it."""
    if opinion.text:
        rests = "\n".join(map(_line, opinion.claims))
        return f"{opinion.text}\n({opinion.confidence:.0%} sure{'; it rests on:' if rests else ''})\n{rests}".rstrip()
    near = "\n".join(map(_line, opinion.nearest))
    said = f"No answer: {opinion.problem or 'nothing fits'}."
    return f"{said} Nearest:\n{near}" if near else said


def _line(claim: Claim) -> str:
    doubt = "" if claim.status == "active" else f", {claim.status}"
    return f"- [{claim.id}] {claim.text} ({claim.confidence:.0%}{doubt})"

"""ask_user: a question to the person at the other end, with or without choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hermes_fs.core.errors import Refused, ToolError
from hermes_fs.core.types import Effects, Question
from hermes_fs.tools.context import ToolContext


class AskUser:
    name = "ask_user"
    description = "Ask the user something that only they can decide, and wait for the answer."
    effects: Effects = "ask"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "question": {"type": "string"},
            "options": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["question"],
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str:
        question = args["question"].strip()
        if not question:
            raise ToolError("the question is empty", "say what you need to know")
        options = tuple(dict.fromkeys(option.strip() for option in args.get("options", ()) if option.strip()))
        answer = context.ask(Question("choose" if options else "text", question, options=options))
        context.cancel.check()
        if answer.value is None:
            raise Refused(
                "nobody is there to answer",
                "go on with the safest choice and say that you did, or end with the question",
            )
        return answer.value or "(an empty answer)"

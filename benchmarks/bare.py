"""The floor: what somebody would write by hand with the same SDK. bare.py PROMPT streams a reply, calling read_file.

No limits, no records, no memory; only the loop that cannot be left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from openai import OpenAI

READ_FILE = {
    "type": "function",
    "function": {
        "name": "read_file",
        "description": "Read a file.",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    },
}


def main() -> None:
    client = OpenAI()
    messages: list = [{"role": "user", "content": sys.argv[1]}]
    while True:
        stream = client.chat.completions.create(
            model="scripted", messages=messages, tools=[READ_FILE], stream=True, stream_options={"include_usage": True}
        )
        text, calls = read(stream)
        if not calls:
            print(text)
            return
        messages.append({"role": "assistant", "content": text or None, "tool_calls": calls})
        for call in calls:
            path = json.loads(call["function"]["arguments"])["path"]
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": Path(path).read_text()})


def read(stream) -> tuple[str, list]:
    text, calls = "", {}
    for chunk in stream:
        if not chunk.choices:
            continue
        delta = chunk.choices[0].delta
        text += delta.content or ""
        for piece in delta.tool_calls or ():
            call = calls.setdefault(
                piece.index, {"id": piece.id, "type": "function", "function": {"name": "", "arguments": ""}}
            )
            call["function"]["name"] += piece.function.name or ""
            call["function"]["arguments"] += piece.function.arguments or ""
    return text, list(calls.values())


if __name__ == "__main__":
    main()

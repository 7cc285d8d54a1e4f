"""Checks a call's arguments against the tool's schema, in words that help a model to call it right. Runs nothing."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any

from hermes_fs.core.errors import ToolError
from hermes_fs.tools import near_misses

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def check(name: str, schema: Mapping[str, Any], args: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments as the schema wants them: a null is left out, "5" becomes 5 where a number is wanted, a list or
    object that was written as JSON text is read, one object becomes a list of one where a list is wanted, and another
    word for an argument or a choice counts where it can only mean that one. Raises ToolError naming the argument and
    what it should be.

    Understands `type`, `properties`, `required`, `enum`, `items`, `minimum`, `maximum`; other words are not looked at.
    """
    checked = _object(schema, dict(args), f"{name}(", ")")
    assert isinstance(checked, dict)
    return checked


def _value(schema: Mapping[str, Any], value: Any, where: str) -> Any:
    kind = schema.get("type", "")
    value = _read(kind, value)
    if kind == "array" and isinstance(value, dict) and schema.get("items", {}).get("type") == "object":
        value = [value]
    if kind and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        raise ToolError(f"{where} must be {_article(kind)}, not {_short(value)}", _wanted(schema))
    allowed = schema.get("enum")
    if allowed and value not in allowed:
        value = near_misses.choice(str(value), allowed) or value
    if allowed and value not in allowed:
        raise ToolError(f"{where} must be one of {', '.join(map(str, allowed))}, not {_short(value)}", "call it again")
    _bounds(schema, value, where)
    match value:
        case dict():
            return _object(schema, value, f"{where}.", "")
        case list() if "items" in schema:
            return [_value(schema["items"], item, f"{where}[{place}]") for place, item in enumerate(value)]
        case _:
            return value


def _bounds(schema: Mapping[str, Any], value: Any, where: str) -> None:
    if "minimum" in schema and value < schema["minimum"]:
        raise ToolError(f"{where} must be at least {schema['minimum']}, not {value}", "call it again")
    if "maximum" in schema and value > schema["maximum"]:
        raise ToolError(f"{where} must be at most {schema['maximum']}, not {value}", "call it again")


def _object(schema: Mapping[str, Any], value: Mapping[str, Any], before: str, after: str) -> dict[str, Any]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    given = {key: item for key, item in value.items() if item is not None or key not in properties}
    if properties:
        for key in [key for key in given if key not in properties]:
            meant = near_misses.argument(key, properties, given)
            if not meant:
                near = difflib.get_close_matches(key, properties, 1)
                hint = f"did you mean {near[0]}?" if near else f"it takes: {', '.join(properties)}"
                raise ToolError(f"{before}{key}{after}: there is no such argument", hint)
            given[meant] = given.pop(key)
    missing = [key for key in schema.get("required", ()) if key not in given]
    if missing:
        raise ToolError(f"{before}{after} needs {', '.join(missing)}", f"it takes: {_signature(schema)}")
    return {key: _value(properties.get(key, {}), item, f"{before}{key}{after}") for key, item in given.items()}


def _read(kind: str, value: Any) -> Any:
    """Small models write numbers, booleans and lists as text."""
    if not isinstance(value, str) or kind in ("", "string"):
        return int(value) if kind == "integer" and isinstance(value, float) and value.is_integer() else value
    try:
        read = json.loads(value)
    except ValueError:
        return value
    return read if isinstance(read, _TYPES[kind]) else value


def _signature(schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    return ", ".join(key if key in required else f"[{key}]" for key in schema.get("properties", {}))


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aio" else f"a {kind}"


def _wanted(schema: Mapping[str, Any]) -> str:
    items = schema.get("items", {})
    fields = _signature(items) or items.get("type", "")
    return f"a list of {{{fields}}}" if _signature(items) else (f"a list of {fields}" if fields else "call it again")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else text[:37] + "..."

"""Turns what the SDK and the HTTP client raise into our ProviderError: a kind, one line, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from hermes_fs.core.clock import Clock
from hermes_fs.core.errors import ProviderError, ProviderFault
from hermes_fs.providers.presets import Preset

_LONGEST = 300

_OVERFLOW = re.compile(
    r"context_length_exceeded|exceed_context_size|maximum context length|context (?:size|length|window)[^.]{0,40}exceed"
    r"|exceed(?:s|ed|ing)?[^.]{0,60}context (?:size|length|window|limit)|context[- ]length[- ]exceeded"
    r"|prompt is too long|input is too long|prompt too long|too many (?:input )?tokens"
    r"|exceeds? (?:the )?(?:model'?s )?max(?:imum)?[ _](?:model[ _]len|input|prompt|length|number of tokens)"
    r"|maximum (?:prompt|input) length|longer than the (?:model'?s )?(?:maximum )?(?:context|model)"
    r"|tokens? to keep from the initial prompt|reduce the length of the (?:messages|prompt|input)"
    r"|exceeded model token limit|input tokens? exceeds?|larger than the .{0,20}context",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"insufficient[_ ](?:quota|balance|credit|funds)|exceeded your current quota|exceeded_current_quota"
    r"|billing|out of credits?|no credits?|credit balance|recharge|payment required|more credits|spend limit",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model[^.]{0,120}(?:does not exist|not found|not supported|no such|not available|is not a valid model)"
    r"|(?:unknown|invalid|no such|unsupported) model|model_not_found|not a valid model|no models? loaded",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(r"(?:invalid|incorrect|wrong|missing)[^.]{0,20} (?:api[ _-]?)?key|unauthori[sz]ed", re.IGNORECASE)
_FILTERED = re.compile(
    r"content[_ ]filter|content[_ ]policy|_policy\b|policy[_ ]violation|content management policy|moderation|flagged",
    re.IGNORECASE,
)

_KINDS = (
    ("rate_limit", 429),
    ("insufficient_quota", 429),
    ("invalid_", 400),
    ("unsupported_", 400),
    ("_policy", 400),
    ("image_", 400),
    ("authentication_error", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("not_found_error", 404),
    ("request_too_large", 413),
    ("overloaded_error", 529),
)
"""What the code or type of an error within a stream stands for: it comes without a status."""


def from_status(preset: Preset, api_key: str, error: Any, clock: Clock) -> ProviderError:
    """From an error that carries the server's answer, or one that came within a stream. `error` is an APIError."""
    status = _status(error)
    text = _mask(_message(error), api_key)
    searched = f"{getattr(error, 'code', '')} {getattr(error, 'type', '')} {text}"
    searched += " payment required" if status == 402 else ""
    fault = _fault(status, searched)
    said = f"{preset.title} says: {text}" if text else f"{preset.title} answered with status {status}"
    headers = getattr(getattr(error, "response", None), "headers", {})
    wait = retry_after(headers, clock.now()) if fault in ("rate_limit", "overloaded") else None
    return ProviderError(fault, said, _hint(preset, fault, searched), wait)


def from_network(preset: Preset, error: BaseException) -> ProviderError:
    """From an error below HTTP: nothing listens, no such name, time is over, the stream broke off."""
    cause = error.__cause__ or error
    kind, text = type(cause).__name__, f"{cause} {cause.__cause__ or ''}"
    if isinstance(error, ValueError):
        return ProviderError("network", f"{preset.title} sent what is no JSON", "try again")
    if "Timeout" in kind:
        message = f"{preset.base_url} did not answer in time"
    elif "Name or service" in text or "nodename" in text or "resolution" in text or "getaddrinfo" in text:
        message = f"the host of {preset.base_url} is not known"
    elif kind == "ConnectError":
        message = f"nothing can be reached at {preset.base_url}"
    else:
        return ProviderError("network", f"the connection to {preset.base_url} broke off", "try again")
    return ProviderError("network", message, network_hint(preset))


def network_hint(preset: Preset) -> str:
    if preset.start:
        return f"start the server (`{preset.start}`) or choose another with `hermes model`"
    if preset.local:
        return "start the server, or correct its address with `hermes config set model.base_url URL`"
    return "check the network and the address, then try again"


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the server asks to wait: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", value):
            return float(value) * unit
    try:
        return max(0.0, (parsedate_to_datetime(headers.get("retry-after", "")) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _fault(status: int, text: str) -> ProviderFault:
    if _OVERFLOW.search(text) and (status < 429 or status >= 500):
        return "context"
    if status in (401, 402):
        return "auth"
    if status == 403:
        return "filtered" if _FILTERED.search(text) else "auth"
    if status == 429:
        return "auth" if _NO_CREDIT.search(text) else "rate_limit"
    if status >= 500 or status == 0:
        return "overloaded"
    if status in (408, 409, 425):
        return "network"
    return _fault_of_request(status, text)


def _fault_of_request(status: int, text: str) -> ProviderFault:
    if status == 413:
        return "context"  # too many bytes: pictures, or a very long conversation
    if _NO_CREDIT.search(text):
        return "auth"  # Anthropic says so with status 400
    if status == 404 or _NO_MODEL.search(text):
        return "not_found"
    if _FILTERED.search(text):
        return "filtered"
    return "auth" if _BAD_KEY.search(text) else "invalid"


def _hint(preset: Preset, fault: ProviderFault, text: str) -> str:
    match fault:
        case "auth":
            if _NO_CREDIT.search(text):
                return f"add credit to your account at {preset.title}, or choose another with `hermes model`"
            return key_hint(preset)
        case "not_found":
            return "choose a model with `hermes model list`"
        case "rate_limit" | "overloaded":
            return "try again in a while, or choose another with `hermes model`"
        case "context":
            return "use /compact, or start a new conversation with /new"
        case "filtered":
            return "rephrase the request"
        case "network":
            return network_hint(preset)
        case "invalid":
            return "choose another model with `hermes model`, or try again with --debug"


def key_hint(preset: Preset) -> str:
    name = preset.key_names[0] if preset.key_names else "OPENAI_API_KEY"
    return f"set {name} to a valid key, in the environment or in ~/.config/hermes/env"


def _status(error: Any) -> int:
    """The HTTP status; errors within a stream carry it as their code, if at all."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return status
    code = str(getattr(error, "code", "") or "")
    if code.isdigit() and 400 <= int(code) < 600:
        return int(code)
    kind = f"{code} {getattr(error, 'type', '')}"
    return next((status for said, status in _KINDS if said in kind), 0)


def _message(error: Any) -> str:
    """The server's own words, on one line."""
    body = getattr(error, "body", None)
    found = _words(body) if body is not None else str(getattr(error, "message", error))
    line = " ".join(str(found or "").split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _words(body: Any) -> str:
    if isinstance(body, Mapping):
        metadata = body.get("metadata")
        raw = metadata.get("raw") if isinstance(metadata, Mapping) else None  # OpenRouter: what its source said
        for value in (body.get("error"), body.get("message"), body.get("detail"), body.get("msg")):
            if value:
                said = _words(value)
                return f"{said}: {raw}" if isinstance(raw, str) and raw else said
        return ""
    if isinstance(body, list):
        return "; ".join(_words(item) for item in body[:3])
    text = str(body)
    return "" if text.lstrip().startswith("<") else text


def _mask(text: str, secret: str) -> str:
    """Some servers repeat the key that they refuse."""
    return text.replace(secret, "…") if len(secret) >= 8 else text

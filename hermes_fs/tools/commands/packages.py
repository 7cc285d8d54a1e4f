"""Judges programs with subcommands: package managers, containers, clusters, clouds. Runs none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hermes_fs.tools.commands import runners
from hermes_fs.tools.commands.effects import Call, Effect, Finding, names
from hermes_fs.tools.commands.families import CLOUDS, FAMILIES, VERBS_THAT_LOOK
from hermes_fs.tools.commands.tokens import Word

_EFFECT_WORDS: Mapping[Effect, str] = {
    "read": "",
    "fetch": "reads from the network",
    "run": "runs the project's code",
    "write": "changes what is installed",
    "delete": "deletes",
    "send": "sends something out",
    "credentials": "prints secrets",
    "system": "changes a machine or a cluster",
    "persist": "makes something run later",
    "unknown": "is not known",
}


_CHANGES = frozenset(("add", "del", "delete", "set", "flush", "change", "replace", "append", "exec"))


def family(call: Call) -> Iterator[Finding]:
    """By the subcommand."""
    name = call.name
    family = FAMILIES[name]
    words = _subcommand(call, family.skips)
    effect = family.effect(tuple(words))
    if name == "ip" and _CHANGES.intersection(words):
        effect = "system"
    yield Finding(effect, f"{_EFFECT_WORDS[effect]}: {call.name} {' '.join(words[:2])}".strip())
    yield from _elsewhere(name, call, words)
    if name == "docker":
        yield from _container(call, words)
    elif name in _WITH_PATHS:
        yield from runners.elsewhere(call)
    if name == "kubectl" and any(re.match(r"secrets?(?:/|$)", word) for word in words[1:]):
        yield Finding("credentials", "prints secrets")
    if name in ("uv", "poetry", "cargo", "bundle") and words[:1] in (["run"], ["exec"]):
        place = call.texts.index(words[0])
        inner = [word for word in call.args[place + 1 :] if word.text != "--"]
        if name != "cargo" and inner and not inner[0].text.startswith("-"):
            yield from call.words(inner)


def _subcommand(call: Call, skips: frozenset[str]) -> list[str]:
    """The words without options and what follows those that take a value."""
    words: list[str] = []
    skip = False
    for word in call.args:
        if skip:
            skip = False
        elif word.text.startswith("-"):
            skip = word.text in skips
            if call.name == "brew" and not words:
                words.append(word.text)
        else:
            words.append(word.text)
    return words


_SOURCES = ("--index-url", "--extra-index-url", "-i", "--source", "--trusted-host", "--git", "-f")


def _elsewhere(name: str, call: Call, words: Sequence[str]) -> Iterator[Finding]:
    """Packages from an address of the line's choice run whatever they hold."""
    if name in ("npm", "pip", "uv", "poetry", "cargo", "gem", "go", "composer", "conda"):
        if any("://" in word or word.startswith(("git+", "git@", "github:", "file:")) for word in words[1:]):
            yield Finding("remote code", "installs, and runs, what lies at an address")
        if call.has(*(_SOURCES if name != "npm" else ("--registry",))):
            yield Finding("remote code", "installs from a source of the line's choice")
    if name == "helm" and any("://" in word for word in words):
        yield Finding("remote code", "installs what lies at an address")


_WITH_PATHS = names("npm pip uv poetry cargo go gem bundle composer dotnet conda pre-commit terraform helm")
_COMPOSED = names("up run create watch")


def compose(call: Call) -> Iterator[Finding]:
    """docker-compose: as `docker compose`."""
    yield from family(Call("docker", (Word("compose"), *call.args), call.simple, call.line, call.words))


def _composed(call: Call, words: Sequence[str]) -> Iterator[Finding]:
    if _COMPOSED.intersection(words):
        yield Finding("system", "starts containers with whatever rights their file gives them")
    if words == ["down"] and call.has("-v", "--volumes", "--rmi"):
        yield Finding("delete", "deletes volumes or images")


def _container(call: Call, words: Sequence[str]) -> Iterator[Finding]:
    if words[:1] in (["run"], ["exec"], ["create"]) or words[:2] in (["container", "run"],):
        yield Finding("run", "runs a container")
    if call.has("--privileged", "--cap-add", "--device", "--security-opt") or any(
        re.match(r"--(?:pid|ipc|net|network|userns)=host", text) for text in call.texts
    ):
        yield Finding("system", "gives a container rights over this machine")
    for option in ("-v", "--volume", "--mount"):
        value = call.value(option)
        if value is not None:
            source = value.text.partition(":")[0].removeprefix("type=bind,source=").partition(",")[0]
            here = value.names == ("PWD",) and value.text.startswith((":", "/"))
            if value.dynamic and not here:
                yield Finding("unknown", "hands a folder to a container that is only known when it runs")
            elif "docker.sock" in value.text:
                yield Finding("system", "gives a container rights over this machine")
            elif source.startswith(("/", "~", ".")):
                yield Finding("write", "hands to a container", path=source)
    if words[:1] == ["compose"]:
        yield from _composed(call, words[1:2])
    if words[:1] == ["exec"] and len(words) > 2:
        yield from (one for one in call.line(" ".join(words[2:])) if one.effect in ("delete", "unknown", "system"))


def cloud(call: Call) -> Iterator[Finding]:
    """By the verb, wherever it stands."""
    name = call.name
    words = [word.text for word in call.operands]
    secret = CLOUDS[name]
    verbs = [word for word in words if word in VERBS_THAT_LOOK or re.match(r"(?:describe|list|get|head|lookup)-", word)]
    if any(word in secret for word in words) or words[:2] == ["configure", "get"]:
        yield Finding("credentials", "prints secrets")
    elif verbs and not any(word in ("rm", "delete", "cp", "mv", "sync", "create", "update", "put") for word in words):
        yield Finding("fetch", f"reads from the network: {name}")
    else:
        yield Finding("send", f"changes something in the cloud: {name} {' '.join(words[:2])}")


def package_run(call: Call) -> Iterator[Finding]:
    """npx and its kin."""
    if any("://" in text or text.startswith(("git+", "github:")) for text in call.texts):
        yield Finding("remote code", "runs what lies at an address")
    yield Finding("fetch", "fetches a package and runs it")
    if call.operands and call.operands[0].text.partition("@")[0] in ("rimraf", "del-cli", "trash-cli"):
        yield Finding("delete", "deletes")

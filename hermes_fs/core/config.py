"""What can be configured, with its defaults and texts; the reference in docs/ is generated from here.

A flag beats the environment, that beats this machine's .git/hermes/local.yaml, that beats the workspace's config.yaml.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo

from hermes_fs.core.config_sections import GitConfig, PeopleConfig, Section, SemanticConfig
from hermes_fs.core.errors import ConfigError
from hermes_fs.core.settings_file import parse_yaml as parse_yaml
from hermes_fs.core.settings_file import read as read

FORMAT = 1
CONFIG = "config.yaml"
LOCAL = "local.yaml"

Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
Policy = Literal["auto", "propose"]


class ModelConfig(Section):
    provider: str = Field("", description="Preset of the provider, such as openai, openrouter or ollama.")
    name: str = Field("", description="The model; empty: the first that the server lists.")
    base_url: str = Field("", description="Address of an OpenAI-compatible server; beats the preset's.")
    api_key_env: str = Field(
        "", description="Name of the variable that holds the key, or several by commas. Never the key."
    )
    fallback: tuple[str, ...] = Field(
        (), description="Models that stand in where this one fails, in order, as PROVIDER/NAME."
    )
    context_window: Count = Field(0, description="Tokens that fit into the model; 0: as the server or table says.")
    max_tokens: Count = Field(0, description="Most tokens of one reply; 0: the server's own bound.")
    temperature: float | None = Field(None, description="Sampling temperature; empty: the server's default.")
    wire: Literal["auto", "chat", "responses", "anthropic"] = Field(
        "auto", description="What the server speaks; auto: as the preset says, chat completions for any other address."
    )
    thinking: str = Field(
        "",
        pattern=r"^(off|low|medium|high|xhigh|max|\d{1,6})?$",
        description="How much it thinks: off, low, medium, high, xhigh, max or a number of tokens; empty: its own way.",
    )
    profile: Literal["auto", "full", "small"] = Field(
        "auto", description="Size of prompt and toolset; auto: small below a window of 16,000 tokens."
    )


class AuxiliaryConfig(Section):
    provider: str = Field(
        "", description="Preset for work beside the chat: summaries, judging commands; empty: the chat's own."
    )
    name: str = Field("", description="The model that does it.")
    base_url: str = Field("", description="Address of its server.")
    api_key_env: str = Field("", description="Name of the environment variable that holds its key.")
    summary: str = Field("", description="Another model for summaries alone, as NAME or PROVIDER/NAME.")
    judge: str = Field("", description="Another model for the second look at commands alone, likewise.")
    reflection: str = Field("", description="Another model for learning from a task after it, likewise.")


class LocalConfig(Section):
    model: str = Field(
        "", description="Path or address of the GGUF file that the preset embedded serves; empty: the small listed one."
    )
    sha256: str = Field("", description="What the SHA-256 of a file from an address must be.")
    threads: Count = Field(0, description="Threads that the model computes with; 0: as many as there are cores.")
    idle: Amount = Field(300.0, description="Seconds after its last use at which the model's server ends; 0: never.")


class Price(Section):
    input: Amount = Field(0.0, description="US dollars per million prompt tokens.")
    output: Amount = Field(0.0, description="US dollars per million generated tokens.")
    cached: Amount = Field(0.0, description="US dollars per million prompt tokens read from the provider's cache.")


class LimitsConfig(Section):
    steps: Count = Field(100, description="Model calls in one turn; 0: no bound, as for the three below.")
    tokens: Count = Field(0, description="Tokens in one turn, in and out together.")
    money: Amount = Field(0.0, description="US dollars in one turn.")
    seconds: Amount = Field(0.0, description="Seconds of one turn.")


class BudgetConfig(Section):
    day_money: Amount = Field(0.0, description="US dollars that models may cost a day on this machine; 0: no bound.")
    day_tokens: Count = Field(0, description="Tokens a day, in and out together; also counts where no price is known.")
    session_money: Amount = Field(0.0, description="US dollars of one session.")
    session_tokens: Count = Field(0, description="Tokens of one session.")


class RetriesConfig(Section):
    attempts: Count = Field(5, description="How often a model call is tried where the failure may pass.")
    max_wait: Amount = Field(60.0, description="Longest pause between two tries, in seconds.")
    silence: Amount = Field(600.0, description="Seconds without a sign of the model that count as a failure; 0: none.")


class TerminalConfig(Section):
    timeout: Amount = Field(120.0, description="Seconds after which a command is ended.")
    backend: Literal["auto", "sandbox", "landlock", "local"] = Field(
        "auto", description="Where commands run: auto: a sandbox where there can be one; local: as you, unconfined."
    )
    secrets: tuple[str, ...] = Field((), description="Names of variables with credentials that commands may see.")


class SkillsConfig(Section):
    directories: tuple[str, ...] = Field(
        (), description="Further folders of skills, read only, beside ~/.agents/skills and ~/.claude/skills."
    )
    secrets: tuple[str, ...] = Field(
        (), description="Which skill may use which variable, as skill:NAME; given to commands once the skill was read."
    )
    hubs: tuple[str, ...] = Field(
        (), description="Sites where `hermes skills search --hubs` looks: their address, or that of an index.json."
    )


class ApprovalsConfig(Section):
    mode: Literal["ask", "allow", "deny"] = Field(
        "ask", description="What is not known to be harmless: ask a person, do it, or refuse it."
    )
    always: tuple[str, ...] = Field((), description="Commands that run unasked, as `in /DIRECTORY: COMMAND`.")
    never: tuple[str, ...] = Field((), description="Commands that never run.")
    judge: bool = Field(
        False, description="Let the auxiliary model look at each command that may run; it can only make hermes ask."
    )


class MemoryConfig(Section):
    memory_limit: Count = Field(2200, description="Characters of MEMORY.md up to which the agent may add.")
    user_limit: Count = Field(1375, description="Characters of USER.md up to which the agent may add.")


class LearningConfig(Section):
    reflection: Literal["auto", "off"] = Field(
        "auto", description="Whether a task is looked back on after the reply, beside the conversation."
    )
    summaries: Literal["auto", "off"] = Field(
        "auto", description="Whether what a conversation came to is written down when it pauses, and once it is over."
    )
    complex: Count = Field(
        5, description="Tool calls from which on a task is worth that; 0: their number says nothing."
    )
    nudge_after: Count = Field(
        10, description="Turns without anything saved after which the model is reminded, once; 0: never."
    )
    day_money: Amount = Field(0.0, description="US dollars that learning beside the chat may cost a day; 0: no bound.")
    day_tokens: Count = Field(0, description="Tokens a day for it; both stay within the budget of all.")


class EvalsConfig(Section):
    replay: bool = Field(
        True, description="Whether the gate replays a skill's evals; each attempt is a turn of the model."
    )
    repeat: Annotated[int, Field(ge=1, le=100)] = Field(1, description="Attempts of the gate at each case in each arm.")
    jobs: Annotated[int, Field(ge=1, le=32)] = Field(2, description="Attempts of the gate at a time.")


class AuditConfig(Section):
    every: Count = Field(15, description="Tasks after which an audit is written; 0: only by `hermes audit run`.")


class RecallConfig(Section):
    hits: Count = Field(4, description="Most passages of earlier conversations that join a message; 0: none.")
    tokens: Count = Field(300, description="Most tokens that they take together.")


class CompactionConfig(Section):
    at: Share = Field(0.75, description="Share of the window at which the older part of a conversation is summarised.")


class SessionsConfig(Section):
    commit: bool = Field(True, description="Whether transcripts are committed to refs/hermes/sessions.")


class SyncConfig(Section):
    remote: str = Field("origin", description="Name of the git remote that the workspace is synced with.")
    mirrors: tuple[str, ...] = Field((), description="Further remotes, by name or address, that only receive lessons.")
    sessions: str = Field(
        "", description="Name of the remote that gets this machine's conversations; empty: none does."
    )
    keep: Literal["all", "90d", "none"] = Field("90d", description="Which conversations of other machines are brought.")
    auto: bool = Field(True, description="Whether conversations sync, beside them, when they begin and end.")
    forge: Literal["auto", "github", "gitlab", "gitea", "none"] = Field(
        "auto", description="What the remote's host is, for pull requests; auto: by its address, or by asking it."
    )
    forge_api: str = Field("", description="Address of its API, where that is not the usual one of the host.")
    forge_token_env: str = Field(
        "", description="Name of the variable with its token; empty: GH_TOKEN, GITLAB_TOKEN, GITEA_TOKEN and the like."
    )


class ReviewConfig(Section):
    memory: Policy = Field("auto", description="What the agent keeps in MEMORY.md, USER.md and model.yaml.")
    notes: Policy = Field("auto", description="Its notes.")
    skills: Policy = Field("auto", description="Text of skills: new ones that were asked for, and changes.")
    deletions: Policy = Field("propose", description="Deleting or renaming a skill, or a program of one.")
    programs: Policy = Field("propose", description="Programs in skills, new or changed.")
    cron: Policy = Field("propose", description="Scheduled jobs.")
    expire_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        14, description="Days after which a proposal that nobody looked at is put away."
    )
    waiting: Annotated[int, Field(ge=1, le=1000)] = Field(
        100, description="Most proposals that wait at a time; more are refused."
    )


class Config(Section):
    """config.yaml."""

    format: Literal[1] = Field(1, description="Version of the workspace's format.")
    model: ModelConfig = ModelConfig()
    auxiliary: AuxiliaryConfig = AuxiliaryConfig()
    local: LocalConfig = LocalConfig()
    prices: dict[str, Price] = Field(default_factory=dict, description="Prices by model, where the table has none.")
    limits: LimitsConfig = LimitsConfig()
    budget: BudgetConfig = BudgetConfig()
    retries: RetriesConfig = RetriesConfig()
    terminal: TerminalConfig = TerminalConfig()
    skills: SkillsConfig = SkillsConfig()
    approvals: ApprovalsConfig = ApprovalsConfig()
    trusted_directories: tuple[str, ...] = Field(
        (), description="Further folders that file tools may use, and whose AGENTS.md is followed."
    )
    memory: MemoryConfig = MemoryConfig()
    learning: LearningConfig = LearningConfig()
    evals: EvalsConfig = EvalsConfig()
    audit: AuditConfig = AuditConfig()
    people: PeopleConfig = PeopleConfig()
    recall: RecallConfig = RecallConfig()
    semantic: SemanticConfig = SemanticConfig()
    compaction: CompactionConfig = CompactionConfig()
    sessions: SessionsConfig = SessionsConfig()
    review: ReviewConfig = ReviewConfig()
    sync: SyncConfig = SyncConfig()
    git: GitConfig = GitConfig()


MACHINE_ONLY = frozenset(
    {
        "approvals.mode",
        "approvals.always",
        "approvals.never",
        "approvals.judge",
        "terminal.backend",
        "terminal.secrets",
        "skills.secrets",
        "skills.directories",
        "skills.hubs",
        "trusted_directories",
        "model.base_url",
        "model.api_key_env",
        "auxiliary.base_url",
        "auxiliary.api_key_env",
        "semantic.base_url",
        "semantic.api_key_env",
        "local.model",
        "local.sha256",
        "people.me",
        "people.provider",
        "people.base_url",
        "people.api_key_env",
        "sync.remote",
        "sync.mirrors",
        "sync.sessions",
        "sync.keep",
        "sync.auto",
        "sync.forge",
        "sync.forge_api",
        "sync.forge_token_env",
    }
)
"""What opens this machine, or tells it what to download or where to send which key: read from local.yaml only, so no
clone brings it."""


LOOSENS = frozenset({"review.deletions", "review.programs", "review.cron"})
"""What config.yaml may leave at `propose` only: a machine lets it through on its own, in local.yaml."""


def load(
    root: Path, state_dir: Path, overrides: Mapping[str, Any] | None = None, withheld: Iterable[str] = ()
) -> Config:
    """The configuration of a workspace. `overrides` maps dotted keys to values; `withheld` are dotted keys of
    config.yaml that do not count. Raises ConfigError for a wrong key."""
    merged = read(root / CONFIG)
    check_shared(merged)
    for key in withheld:
        take_out(merged, key)
    _merge(merged, read(state_dir / LOCAL))
    for key, value in (overrides or {}).items():
        put(merged, key, value)
    return parse(merged, CONFIG)


def check_shared(data: Mapping[str, Any]) -> None:
    """Raises ConfigError where config.yaml, which travels with the workspace, sets what each machine decides."""
    for key in sorted(MACHINE_ONLY | LOOSENS):
        section, _, name = key.rpartition(".")
        holder = data.get(section, {}) if section else data
        if isinstance(holder, Mapping) and name in holder and (key in MACHINE_ONLY or holder[name] != "propose"):
            hint = f"take it out and run `hermes config set {key} …`, which keeps it in .git/hermes/{LOCAL}"
            raise ConfigError(f"{CONFIG}: {key} is each machine's own", hint)


def parse(data: Mapping[str, Any], where: str) -> Config:
    """Check a mapping. Raises ConfigError that names the first wrong key and the nearest right one."""
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise _explained(tuple(str(part) for part in first["loc"]), first["type"], first["msg"], where) from None


def put(data: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key in nested mappings."""
    *path, last = key.split(".")
    for part in path:
        below = data.setdefault(part, {})
        if not isinstance(below, dict):
            raise ConfigError(f"{part} is not a section", "see docs/reference/config.md")
        data = below
    data[last] = value


def take_out(data: dict[str, Any], key: str) -> None:
    """Remove a dotted key from nested mappings; what is not there needs no removing."""
    section, _, rest = key.partition(".")
    below = data.get(section)
    if not rest:
        data.pop(section, None)
    elif isinstance(below, dict):
        take_out(below, rest)


def leaves(section: type[BaseModel] = Config, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key with its field, dotted; a map's entries stand as `<name>`."""
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind, f"{prefix}{name}.")
        elif get_origin(kind) is dict:
            yield from leaves(get_args(kind)[1], f"{prefix}{name}.<name>.")
        else:
            yield prefix + name, field


def nearest(key: str) -> str:
    """The key that was probably meant, "" if none is near."""
    known = [name for name, _ in leaves()]
    known += [name.rsplit(".", 1)[0] for name in known if "." in name]
    found = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return found[0] if found else ""


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def _explained(place: tuple[str, ...], kind: str, message: str, where: str) -> ConfigError:
    key = ".".join(place)
    if kind == "extra_forbidden":
        guess = nearest(key)
        hint = f"did you mean {guess}?" if guess else "see docs/reference/config.md"
        return ConfigError(f"{where}: unknown key {key}", hint)
    if key == "format":
        return ConfigError(f"{where}: this format is newer than this hermes knows", "update hermes")
    return ConfigError(f"{where}: {key}: {message}", "set it with `hermes config set`, see docs/reference/config.md")

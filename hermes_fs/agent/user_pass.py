"""The learning loop's errand of kind `model`: what a person said about themself, in a turn or a session, reaches the
model of them. Reads their own words only: no answer, no file, no page, and nothing that they quote or paste."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hermes_fs.agent import kept, self_talk
from hermes_fs.agent.learner import Bench, Done
from hermes_fs.agent.user_models import user_model
from hermes_fs.core.origins import is_trusted, least_trusted
from hermes_fs.core.people import Observed, Said
from hermes_fs.core.types import Origin, Usage
from hermes_fs.store import transcript
from hermes_fs.store.errands import Errand
from hermes_fs.store.replay import origins
from hermes_fs.store.transcript import OWN_CHANNELS, Record

_PEOPLE: tuple[Origin, ...] = ("owner", "member", "guest")


def run(errand: Errand, bench: Bench) -> Done:
    """Raises NotFound for a session that is not there, BudgetSpent, ProviderError, Cancelled, Refused."""
    info = bench.sessions.find(errand.session)
    if info.header.channel in OWN_CHANNELS:
        return Done()
    person = info.header.person
    path = info.path.relative_to(bench.workspace.root).as_posix()
    said = list(said_in(transcript.read(info.path).records, person, path, errand.task))
    if not bench.workspace.trust.owns_the_mind:
        said = [Said(one.text, one.span, one.session, least_trusted((one.origin, "file"))) for one in said]
    model = user_model(
        person,
        bench.workspace,
        bench.config,
        bench.clock,
        lambda: bench.provider("reflection", errand.model),
        bench.environ,
    )
    seen: list[Observed] = []
    for trusted in (True, False):  # what was said before a stranger's words were read waits for nobody
        some = [one for one in said if is_trusted(one.origin) == trusted]
        if some:
            seen.append(model.observe(some, bench.cancel))
    return Done(tuple(kept.lines(seen)), sum((one.usage for one in seen), Usage()))


def said_in(records: Sequence[Record], person: str, path: str, task: str = "") -> Iterator[Said]:
    """What a person said about themself, from the message with the id `task` on. An utterance has the worst
    origin of what the conversation had read by then: it may echo that."""
    session = path.rpartition("/")[2].removesuffix(".jsonl")
    for place, record in enumerate(records):
        if not record.is_asked or record.person != person or record.origin not in _PEOPLE:
            continue
        text = record.text("text")
        if record.id < task or not self_talk.speaks(text):
            continue
        read = least_trusted({record.origin, *origins(records[:place])})
        yield Said(self_talk.own_words(text), f"{path}#{record.id}..{record.id}", session, read)

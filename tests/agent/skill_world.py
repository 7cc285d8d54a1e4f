"""Five hundred skills and requests for them in other words than theirs: 25 tasks, each for 20 things."""

# ruff: noqa: E501  (a table)

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

TASKS = """
deploy | Puts {} into production. Use when a new version should go live | can we ship {} today | {} should go live tonight
migrate | Moves {} to another host or version without loss | we are moving {} to the new host | help me with migrating {}
back-up | Makes a backup of {} and proves that it can be restored | I need backups of {} every night | is there a backup of {}? make one
translate | Translates {} into another language | please put {} into another language | I want {} translated to French
summarise | Sums up {} in a few lines for busy readers | give me a summary of {} | sum up {} in three lines
encrypt | Encrypts {} with a key of the person | {} must be encrypted before we send it | lock {} with my key, encryption please
compress | Makes {} smaller by compression, without visible loss | {} takes too much room, compress it | make {} smaller
schedule | Plans {} on the calendar, with reminders | put {} on my calendar | remind me of {}, plan it for Monday
audit | Checks {} for faults and risks and writes a report | check {} for risks | I want an audit report about {}
benchmark | Measures how fast {} is, with medians | how fast is {}? measure it | run benchmarks against {}
refactor | Restructures {} step by step, with behaviour kept | restructure {} without changing what it does | {} could do with some refactoring
document | Writes documentation for {} with examples | write docs for {} with an example | {} has no documentation yet
monitor | Watches {} and raises an alarm when it fails | watch {} and tell me when it fails | set up monitoring for {}
clean | Removes duplicates and broken parts from {} | remove the duplicates from {} | {} is a mess, clean it
convert | Converts {} between file formats | I need {} in another format | convert {} for me please
visualise | Draws charts of {} and explains them | draw a chart of {} | show me {} as charts
import | Imports {} from other programs, mapping the fields | load {} from the old program, map the fields | import {} from the other program
debug | Finds the cause of failures in {}, from logs to a fix | {} keeps failing, find the cause | debugging {}: why does it fail
test | Writes tests for {} and runs them | {} needs tests | write a test for {} and run it
archive | Stores old {} away where they can be found again | store {} from last year away | archiving {} is overdue
price | Estimates what {} costs per month and how to save | what does {} cost us a month | estimate the price of {}
teach | Explains {} to a beginner with exercises | explain {} to me, I am a beginner | teach me about {} with exercises
negotiate | Prepares a negotiation about {} with an opening offer | prepare me for negotiating {} | what opening offer for {}?
anonymise | Takes personal data out of {} | take the personal data out of {} | anonymised {} is what they want
compare | Compares offers for {} in a table | which offer for {} is better? compare | make a table comparing {}
"""
"""Name, what its description says, two ways of asking for it."""
THINGS = {
    "postgres": ("Postgres databases", "our postgres database"),
    "kubernetes": ("Kubernetes clusters", "the kubernetes cluster"),
    "invoices": ("invoices", "last month's invoice"),
    "podcasts": ("podcast episodes", "the podcast"),
    "photos": ("photos and albums", "my photo album"),
    "contracts": ("contracts and their annexes", "this contract"),
    "recipes": ("cooking recipes", "grandma's recipes"),
    "websites": ("static websites", "the website"),
    "newsletters": ("newsletters", "our newsletter"),
    "spreadsheets": ("spreadsheets", "the budget spreadsheet"),
    "emails": ("e-mails and mailboxes", "the emails in my mailbox"),
    "containers": ("Docker containers", "that docker container"),
    "certificates": ("TLS certificates", "the TLS certificate"),
    "playlists": ("music playlists", "my playlist"),
    "firmware": ("router firmware", "the router's firmware"),
    "notebooks": ("Jupyter notebooks", "a jupyter notebook"),
    "subtitles": ("film subtitles", "the subtitles"),
    "greenhouse": ("greenhouse sensors", "the sensors in the greenhouse"),
    "receipts": ("receipts of a journey", "the receipts from the trip"),
    "vectors": ("vector indexes for search", "the vector index"),
}
SMALL_TALK = (
    "hello, how are you today?",
    "thanks, that works",
    "what did we talk about yesterday?",
    "yes please, go on",
    "no, the other one",
    "what is the weather in Lisbon tomorrow?",
    "who wrote Middlemarch?",
    "why did you do that?",
    "ok",
    "my sister has moved to Graz and likes it there",
)


def write(root: Path) -> None:
    """All the skills, in a workspace."""
    for name, description in skills():
        place = root / "skills" / name / "SKILL.md"
        place.parent.mkdir(parents=True)
        place.write_text(
            f"---\nname: {name}\ndescription: {description}\n---\n\n# {name}\n\n## Steps\n\n1. Look at what is there.\n"
            "2. Ask if something is unclear.\n3. Do it, then check the result.\n"
        )


def skills() -> Iterator[tuple[str, str]]:
    for task, about, *_ in _tasks():
        for thing, (named, _) in THINGS.items():
            yield f"{task}-{thing}", f"{about.format(named)}."


def requests() -> Iterator[tuple[str, str]]:
    """(the skill that is meant, a request for it); the two ways of asking take turns."""
    for row, (task, _, *ways) in enumerate(_tasks()):
        for column, (thing, (_, called)) in enumerate(THINGS.items()):
            yield f"{task}-{thing}", ways[(row + column) % 2].format(called)


def _tasks() -> list[list[str]]:
    return [line.split(" | ") for line in TASKS.strip().splitlines()]

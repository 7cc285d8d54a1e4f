"""Clones whose people have keys of their own, for the tests of what a team lets in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hermes_fs.store import acting
from hermes_fs.store.review import Review
from tests.store.clones import Clone, clones

RULES = "format: 1\ngit:\n  require_signed: true\n  sign: true\n"


def key_of(folder: Path, name: str) -> str:
    """The public key of somebody, made on first use."""
    place = folder / f"key-{name}"
    if not place.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(place)], check=True)
    return place.with_suffix(".pub").read_text().strip()


def signs(clone: Clone, folder: Path, name: str) -> None:
    """This machine's person has a key."""
    key_of(folder, name)
    lines = f"[user]\n\tname = {name}\n\temail = {name}@example.org\n\tsigningKey = {folder}/key-{name}.pub\n"
    with (clone.mind.root / ".git" / "config").open("a") as file:
        file.write(f"{lines}[gpg]\n\tformat = ssh\n")


def signs_nothing(clone: Clone) -> None:
    """This machine's person unset it for themselves."""
    (clone.mind.state_dir / "local.yaml").write_text("git:\n  sign: false\n")


def trust_all(clone: Clone) -> None:
    clone.mind.trust.accept(acting.pending(clone.mind))


def waiting(clone: Clone) -> list[str]:
    """What proposals say of why they wait, on a machine."""
    return [one.because for one in Review(clone.mind).waiting()]


@contextmanager
def team(folder: Path, names: str = "abc", rules: str = RULES, listed: str = "") -> Iterator[list[Clone]]:
    """A workspace that asks for signatures; everybody in `listed` (all, if empty) is on the list, and each has a key
    and trusts what the first one wrote."""
    with clones(folder, names) as made:
        first = made[0].mind.root
        for one, name in zip(made, names, strict=True):
            signs(one, folder, name)
        people = "".join(f"{name} {key_of(folder, name)}\n" for name in listed or names)
        (first / "allowed_signers").write_text(people)
        (first / "config.yaml").write_text(rules)
        for one in made:
            one.sync()
            trust_all(one)
        yield made

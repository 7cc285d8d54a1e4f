"""Bounded edits of a user model: whatever comes, no id is lost and both files hold what the portrait says."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_fs.core.errors import HermesError
from hermes_fs.store.formats import entries, portrait
from hermes_fs.store.formats.portrait import Draft, Grounds, Portrait
from hermes_fs.store.formats.registry import format_of

USER = "# You\n\n- Lives in Oslo <!-- abcdef -->\n"
LIMIT = 120
TEXTS = ["Prefers tea", "Drinks water: always", 'It\'s "loud" # here', "Needs captions", "Lives in Oslo", "- x y"]

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["add", "support", "contradict", "supersede", "weigh", "settle", "promote", "demote"]),
        st.integers(0, 5),
        st.sampled_from(TEXTS),
        st.integers(1, 5),
    ),
    max_size=12,
)


def edited(before: Portrait, do: str, which: int, text: str, number: int) -> Portrait:
    known = before.claims
    key = known[which % len(known)].id if known else "none"
    grounds = Grounds(f"s.jsonl#{number}..{number}", "2026-01-31")
    draft = Draft("need", text, number, 0.7)
    match do:
        case "add":
            return portrait.add(before, draft, grounds)[0]
        case "support":
            return portrait.support(before, key, grounds)[0]
        case "contradict":
            return portrait.contradict(before, key, grounds)[0]
        case "supersede":
            return portrait.supersede(before, key, draft, grounds)[0]
        case "weigh":
            return portrait.weigh(before, key, number)[0]
        case "settle":
            return portrait.settle(before, LIMIT)
        case "promote":
            return portrait.promote(before, key)
        case _:
            return portrait.demote(before, key)


@settings(max_examples=20)
@given(EDITS)
def test_no_edit_loses_an_id_or_leaves_what_the_door_refuses(edits: list[tuple[Any, ...]]) -> None:
    now = Portrait.of("# head\n{}\n", USER)
    for edit in edits:
        before = {claim.id: claim.text for claim in now.claims}
        try:
            now = edited(now, *edit)
        except HermesError:
            continue
        after = {claim.id: claim.text for claim in now.claims}
        assert before.keys() <= after.keys()
        assert all(
            entries.fold(after[key]).strip("- ") == entries.fold(text).strip("- ") for key, text in before.items()
        )
        written = Portrait.of(now.text(), now.user)
        assert written.claims == now.claims
        assert format_of("model.yaml").check("model.yaml", b"{}\n", now.text().encode(), "agent") == []
        assert len({claim.id for claim in now.claims}) == len(now.claims)


def test_what_a_person_wrote_stays_in_user_md_when_it_is_over_its_limit() -> None:
    full = Portrait.of("{}\n", USER + "".join(f"- A line by hand number {n} <!-- aaaaa{n} -->\n" for n in range(7)))
    made, claim = portrait.add(full, Draft("need", "Needs captions", 5, 0.9), Grounds("", "2026-01-31"))
    assert portrait.settle(made, LIMIT).user == full.user
    hot = portrait.promote(made, claim.id)
    assert portrait.settle(hot, LIMIT).user == full.user


def test_only_what_matters_moves_and_only_while_there_is_room() -> None:
    now = Portrait.of("{}\n", "")
    for number, (priority, sure) in enumerate([(5, 0.9), (4, 0.6), (3, 0.9), (5, 0.5), (4, 0.95), (4, 0.9)]):
        now, _ = portrait.add(now, Draft("need", f"Needs thing {number}", priority, sure), Grounds("", "2026-01-31"))
    assert [claim.text[-1] for claim in portrait.settle(now, 200).claims if claim.hot] == ["0", "1", "4", "5"]
    assert [claim.text[-1] for claim in portrait.settle(now, 50).claims if claim.hot] == ["0", "4"]


def test_a_line_that_a_person_deletes_is_forgotten() -> None:
    now, claim = portrait.add(Portrait.of("{}\n", ""), Draft("need", "Needs tea", 5, 0.9), Grounds("", "2026-01-31"))
    hot = portrait.settle(now, 200)
    assert hot.claim(claim.id).hot
    assert Portrait.of(hot.text(), "").claims == []
    edited_by_hand = Portrait.of(hot.text(), hot.user.replace("Needs tea", "Needs green tea"))
    assert portrait.demote(edited_by_hand, claim.id).claim(claim.id).text == "Needs green tea"

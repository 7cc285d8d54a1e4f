"""What every user model must do, as a suite: subclass `UserModelConformance` in a test and say how to make one."""

from __future__ import annotations

import pytest

from hermes_fs.core.errors import Cancelled, NotFound
from hermes_fs.core.people import KINDS, STATUSES, Said
from hermes_fs.core.ports import Cancel, UserModel

TEA = "Prefers tea to coffee"
SAID = Said("By the way, I prefer tea to coffee.", "sessions/2026/01/31/a-01A.jsonl#01B..01B", "01A")


class UserModelConformance:
    """`learning()` makes a model of somebody unknown whose thinking makes TEA of SAID, `knowing()` one that holds TEA
    and answers questions about it, `alone()` one that holds TEA while nobody is there to answer; all may register their
    clean-up with the test."""

    def learning(self) -> UserModel:
        raise NotImplementedError

    def knowing(self) -> UserModel:
        raise NotImplementedError

    def alone(self) -> UserModel:
        raise NotImplementedError

    def test_it_has_a_name_and_says_where_words_go(self) -> None:
        model = self.learning()
        assert model.name
        assert model.remote in (True, False)

    def test_what_is_said_becomes_a_claim(self) -> None:
        model = self.learning()
        assert model.claims() == []
        observed = model.observe([SAID], Cancel())
        assert observed.problem == ""
        (claim,) = model.claims()
        assert claim.text == TEA
        assert claim.id
        assert claim.kind in (*KINDS, "")
        assert claim.status in STATUSES
        assert 0 <= claim.confidence <= 1
        assert 1 <= claim.priority <= 5

    def test_the_same_words_twice_count_once(self) -> None:
        model = self.learning()
        model.observe([SAID], Cancel())
        once = model.claims()
        again = model.observe([SAID], Cancel())
        assert again.problem == ""
        assert again.changes == ()
        assert model.claims() == once

    def test_nothing_said_changes_nothing(self) -> None:
        model = self.learning()
        assert model.observe([], Cancel()).changes == ()
        assert model.claims() == []

    def test_a_question_is_answered_from_claims(self) -> None:
        model = self.knowing()
        opinion = model.ask("What do they like to drink?", Cancel())
        assert "tea" in opinion.text.lower()
        assert opinion.problem == ""
        assert 0 <= opinion.confidence <= 1
        assert {claim.id for claim in opinion.claims} <= {claim.id for claim in model.claims()}

    def test_where_nothing_is_known_it_says_so(self) -> None:
        opinion = self.learning().ask("What do they like to drink?", Cancel())
        assert opinion.text == ""
        assert opinion.problem
        assert opinion.claims == ()

    def test_where_nobody_answers_it_says_so(self) -> None:
        opinion = self.alone().ask("Is it tea or coffee that they drink?", Cancel())
        assert opinion.text == ""
        assert opinion.problem
        assert "\n" not in opinion.problem

    def test_a_stopped_question_ends(self) -> None:
        cancel = Cancel()
        cancel.set()
        with pytest.raises(Cancelled):
            self.knowing().ask("Tea or coffee?", cancel)

    def test_a_claim_is_forgotten_at_a_word(self) -> None:
        model = self.knowing()
        (claim,) = model.claims()
        assert model.forget(claim.id).text == claim.text
        assert model.claims() == []
        with pytest.raises(NotFound):
            model.forget(claim.id)

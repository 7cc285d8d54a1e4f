"""What is said about the policy is what the policy does."""

from __future__ import annotations

from hermes_fs.store.permitted import permissions
from hermes_fs.store.policy import Policy


def test_the_usual_policy_in_a_table() -> None:
    rows = {
        row.what.split(":")[0]: (row.asked, row.unasked, row.tainted) for row in permissions(Policy(), signed=False)
    }
    waits, once, never = "waits for you", "at once", "never"
    assert rows["memory"] == rows["the text of a skill"] == (once, once, waits)
    assert rows["a new skill"] == (once, waits, waits)
    assert rows["a program of a skill"] == rows["deleting a skill"] == rows["its voice"] == (waits, waits, waits)
    assert rows["installed skills"] == (waits, waits, waits)
    assert rows["your orders"] == rows["settings"] == rows["who may sign"] == (never, never, never)


def test_other_policies_show() -> None:
    rows = {row.what: row for row in permissions(Policy(notes="propose", cron="auto"), signed=True)}
    assert rows["notes"].asked == "waits for you"
    assert rows["scheduled jobs: cron.yaml"].asked == "at once"
    assert rows["notes"].synced == "at once, if signed"
    assert rows["the text of a skill"].synced == "at once, if signed; acts once trusted"

"""What there is to tell a person between two messages: reports of the workspace, what ended or was learned beside."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hermes_fs.commands.talk import Talk
from hermes_fs.core.errors import HermesError
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Backend, JobState
from hermes_fs.core.terminal import one_line

_COMMAND = 80


class JobNews:
    """Which background jobs ended since somebody was told; `seen` is the file that keeps it between two starts."""

    def __init__(self, seen: Path) -> None:
        self._seen = seen

    def ended(self, backend: Backend) -> list[JobState]:
        """Those that nobody was told of, oldest first; they count as told from now on."""
        done = [job for job in reversed(_jobs(backend)) if job.code is not None]
        told = self._told()
        fresh = [job for job in done if _mark(backend, job) not in told]
        if fresh:
            marks = [_mark(backend, job) for job in done]
            others = [mark for mark in told if not mark.startswith(f"{backend.name} ")]
            with contextlib.suppress(OSError):  # a full disk: it will be said again
                self._seen.write_text("".join(f"{mark}\n" for mark in [*others, *marks]))
        return fresh

    def _told(self) -> set[str]:
        try:
            return set(self._seen.read_text(errors="replace").splitlines())
        except OSError:
            return set()


class News:
    """For one chat: the lines to say before the next message, and a word on what still runs."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._jobs = JobNews(talk.runtime.workspace.state_dir / "jobs-told")

    def lines(self) -> list[str]:
        """What happened since the last call. The model is told of jobs with the next message."""
        runtime = self._talk.runtime
        late, runtime.problems[:] = list(runtime.problems), []
        return [*runtime.workspace.take_reports(), *late, *self._ended(), *self._learned(), *self._synced()]

    def status(self) -> str:
        """`2 jobs running`, "" for none."""
        running = sum(job.code is None for job in _jobs(self._talk.conversation.context.backend))
        return f"{running} job{'s' * (running > 1)} running" if running else ""

    def _ended(self) -> list[str]:
        conversation = self._talk.conversation
        lines = []
        for job in self._jobs.ended(conversation.context.backend):
            about = f"{job.id} ended with exit code {job.code}: {one_line(job.command, _COMMAND)}"
            conversation.remark(f"Background job {about}. The process tool shows its output.")
            lines.append(f"Background job {about}")
        return lines

    def _learned(self) -> list[str]:
        """What was learned beside the conversation, also in earlier ones."""
        runtime = self._talk.runtime
        if not (runtime.workspace.state_dir / "errands" / "news").exists():
            return []
        return runtime.aftermath.errands.take_news()

    def _synced(self) -> list[str]:
        """What the sync beside the conversation, or beside an earlier one, came to."""
        state_dir = self._talk.runtime.workspace.state_dir
        if not (state_dir / "sync.json").exists():
            return []
        found: list[str] = load("hermes_fs.store.syncing.news:take")(state_dir)
        return found


def _jobs(backend: Backend) -> list[JobState]:
    try:
        return backend.jobs()
    except HermesError:  # the backend tells of it when it is asked to do something
        return []


def _mark(backend: Backend, job: JobState) -> str:
    return f"{backend.name} {job.id} {one_line(job.command, _COMMAND)}"

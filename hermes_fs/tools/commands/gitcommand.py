"""Judges `git`: what loses work, what rewrites a past that others have, what makes git run programs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from hermes_fs.tools.commands import gitfiles
from hermes_fs.tools.commands.effects import Call, Finding, names, written
from hermes_fs.tools.commands.network import host_of
from hermes_fs.tools.commands.surroundings import moved
from hermes_fs.tools.commands.tokens import Word

_LOOKS = names(
    """
    status diff log show blame annotate shortlog describe rev-parse rev-list ls-files ls-tree cat-file grep
    whatchanged name-rev merge-base for-each-ref show-ref show-branch var version help count-objects
    check-ignore check-attr check-ref-format cherry range-diff diff-tree diff-index diff-files verify-commit
    verify-tag fsck ls-remote hash-object column request-pull get-tar-commit-id merge-tree patch-id stripspace
    """
)
_WORKS = names(
    """
    add commit merge rebase cherry-pick revert switch mv init worktree notes apply format-patch bundle
    archive sparse-checkout rerere mergetool write-tree update-index read-tree commit-tree mktree citool
    maintenance merge-file stage lfs flow absorb
    """
)
_FETCHES = frozenset(("fetch", "pull", "clone", "submodule", "remote"))
_RUNS_PROGRAMS = re.compile(
    r"(?:core\.(?:hookspath|fsmonitor|sshcommand|gitproxy|pager|editor|askpass|alternaterefscommand|worktree|attributesfile)"
    r"|include(?:if)?\..*|alias\..*|filter\..*|diff\..*\.(?:command|textconv)|diff\.external|merge\..*\.driver"
    r"|(?:diff|merge)tool\..*|credential.*|url\..*|remote\..*\.(?:uploadpack|receivepack|vcs|proxy)|gpg.*program"
    r"|sequence\.editor|pager\..*|browser\..*|init\.templatedir|protocol\..*|http\..*proxy.*|http\.sslverify"
    r"|interactive\.difffilter|man\..*|uploadpack\..*|receive\..*|trailer\..*|submodule\..*\.update|safe\.directory)",
    re.IGNORECASE,
)
_TASTE = re.compile(
    r"(?:user\.(?:name|email)|init\.defaultbranch|color\..*|pull\.(?:rebase|ff)|push\.(?:default|autosetupremote)"
    r"|column\.ui|log\.date|rerere\.enabled|fetch\.prune|rebase\.auto\w+|merge\.conflictstyle|core\.(?:autocrlf|quotepath))",
    re.IGNORECASE,
)
"""What of a person's own settings changes how git looks or what it defaults to, and nothing that runs or connects."""
_BEFORE = {"-C": 1, "-c": 1, "--git-dir": 1, "--work-tree": 1, "--namespace": 1, "--exec-path": 0, "--config-env": 1}


def judge(call: Call) -> Iterator[Finding]:
    """Everything that a `git` command line can do."""
    words, places = list(call.args), []
    while words and words[0].text.startswith("-"):
        name, _, inline = words[0].text.partition("=")
        takes = 0 if inline else _BEFORE.get(name, 0)
        value = Word(inline, words[0].dynamic) if inline else words[1] if takes and len(words) > 1 else Word("")
        if name in ("-c", "--config-env"):
            yield from _setting(value.text.partition("=")[0])
        elif name == "--exec-path" and inline:
            yield Finding("unknown", "takes git's own programs from elsewhere")
        elif name in ("-C", "--git-dir", "--work-tree"):
            places.append(value)
        del words[: 1 + takes]
    if not words:
        yield Finding("read")
        return
    if words[0].dynamic:
        yield Finding("unknown", "runs a git command that is only known when it runs")
        return
    sub = words[0].text
    rest = Call(sub, tuple(words[1:]), call.simple, call.line, call.words)
    yield from _elsewhere(places, (*_SUBCOMMANDS.get(sub, _plain)(rest), *_programs(rest), *gitfiles.judge(rest)))


def _elsewhere(places: Sequence[Word], findings: Sequence[Finding]) -> Iterator[Finding]:
    """A repository that the line names: what is done there is done to a folder."""
    place = PurePosixPath()
    for word in places:
        if word.dynamic and word.shape != ("?",):  # of a substitution, the line is asked (see reading)
            yield Finding("unknown", "works in a repository that is only known when it runs")
        else:
            place = place / word.text
    changes = any(one.effect not in ("read", "fetch") for one in findings)
    if places:
        yield written(Word(str(place))) if changes else Finding("read", "reads", path=str(place))
    for one in findings:
        yield from moved(one, place) if one.path and not one.path.startswith(("/", "~")) else (one,)


def _plain(call: Call) -> Iterator[Finding]:
    if call.name in _LOOKS:
        yield Finding("read")
    elif call.name in _WORKS:
        yield Finding("run", "changes the repository")
    elif call.name in _FETCHES:
        yield from _remote(call)
    else:
        yield Finding("unknown", f"git {call.name} is not known")


def _programs(call: Call) -> Iterator[Finding]:
    """Options that make git run something."""
    for option in ("--upload-pack", "-u", "--receive-pack", "--exec", "-x", "--extcmd", "-O", "--open-files-in-pager"):
        if option == "-u" and call.name not in ("clone", "fetch", "ls-remote"):
            continue
        if option == "-O" and call.name != "grep":
            continue
        if option == "-x" and call.name not in ("rebase", "difftool"):
            continue
        if call.has(option) or any(text.startswith(option) and option[:2] != "--" for text in call.texts):
            value = call.value(option)
            yield Finding("unknown", "makes git run a program")
            if value is not None and not value.dynamic:
                yield from call.line(value.text)
    if any(word.text.startswith("ext::") for word in call.args):
        yield Finding("unknown", "makes git run a program as its connection")
    if call.has("--output") and (target := call.value("--output")) is not None:
        yield written(target)


def _setting(key: str) -> Iterator[Finding]:
    if _RUNS_PROGRAMS.fullmatch(key):
        yield Finding("persist", f"sets {key}, by which git runs programs or goes elsewhere")


def _config(call: Call) -> Iterator[Finding]:
    looks = call.has("--get", "--get-all", "--list", "-l", "--get-regexp", "--show-origin", "--get-urlmatch")
    words = [word.text for word in call.operands]
    if words[:1] and words[0] in ("get", "list"):
        looks = True
    if looks or (len(words) == 1 and not call.has("--unset", "--unset-all", "--remove-section", "-e", "--edit")):
        yield Finding("read")
        return
    file = call.value("-f", "--file")
    words = words[1:] if file is not None and words[:1] == [file.text] else words
    key = words[1] if words[:1] == ["set"] and len(words) > 1 else words[0] if words else ""
    found = list(_setting(key))
    yield from found or [Finding("run", "changes git's settings")]
    if file is not None:
        yield written(file)
    if call.has("--global", "--system") and not (_TASTE.fullmatch(key) or found):
        yield written(Word("/etc/gitconfig" if call.has("--system") else "~/.gitconfig"))


def _push(call: Call) -> Iterator[Finding]:
    if call.has("-f", "--force", "--mirror", "--delete", "-d", "--prune", "--force-with-lease") or any(
        word.text.startswith((":", "+")) for word in call.operands[1:]
    ):
        yield Finding("history", "rewrites or deletes what others have")
    yield Finding("send", "pushes to another repository", hosts=_hosts(call.operands[:1]))


def _reset(call: Call) -> Iterator[Finding]:
    if call.has("--hard", "--merge", "--keep"):
        yield Finding("delete", "throws away changes that are not committed")
    else:
        yield Finding("run", "changes the repository")


def _clean(call: Call) -> Iterator[Finding]:
    if call.has("-n", "--dry-run"):
        yield Finding("read")
    else:
        yield Finding("delete", "deletes files that git does not know")


def _checkout(call: Call) -> Iterator[Finding]:
    if (
        call.has("-f", "--force", "--discard-changes")
        or "--" in call.texts
        or any(word.text in (".", ":/", "*") for word in call.operands)
    ):
        yield Finding("delete", "throws away changes that are not committed")
    else:
        yield Finding("run", "changes the repository")


def _restore(call: Call) -> Iterator[Finding]:
    if call.has("--staged", "-S") and not call.has("--worktree", "-W"):
        yield Finding("run", "changes the repository")
    else:
        yield Finding("delete", "throws away changes that are not committed")


def _branch(call: Call) -> Iterator[Finding]:
    if call.has("-D") or (call.has("-d", "--delete") and call.has("-f", "--force")):
        yield Finding("history", "deletes a branch, merged or not")
    elif call.has("-f", "--force", "-M", "-C"):
        yield Finding("history", "moves a branch away from what it held")
    else:
        yield Finding("run", "changes the repository")


def _tag(call: Call) -> Iterator[Finding]:
    gone = call.has("-d", "--delete", "-f", "--force")
    yield Finding("history", "deletes or moves a tag") if gone else Finding("run", "changes the repository")


def _stash(call: Call) -> Iterator[Finding]:
    gone = call.texts[:1] in (["drop"], ["clear"])
    yield Finding("delete", "throws stashed changes away") if gone else Finding("run", "changes the repository")


def _rewrites(call: Call) -> Iterator[Finding]:
    yield Finding("history", "rewrites the past of the repository")


def _reflog(call: Call) -> Iterator[Finding]:
    loses = call.texts[:1] in (["expire"], ["delete"])
    yield Finding("history", "makes lost commits unrecoverable") if loses else Finding("read")


def _gc(call: Call) -> Iterator[Finding]:
    loses = call.has("--prune", "--aggressive") or call.name == "prune"
    yield Finding("history", "makes lost commits unrecoverable") if loses else Finding("run", "tidies the repository")


def _ref(call: Call) -> Iterator[Finding]:
    yield Finding("history", "moves refs by hand")


def _bisect(call: Call) -> Iterator[Finding]:
    if call.texts[:1] == ["run"]:
        yield from call.words(call.args[1:])
        if call.texts[1:2] and call.texts[1] in ("sh", "bash", "env", "python", "python3", "perl"):
            yield Finding("unknown", "makes git run a program again and again")
    else:
        yield Finding("run", "changes the repository")


def _am(call: Call) -> Iterator[Finding]:
    own = any(text in ("--continue", "--abort", "--skip", "--quit", "--show-current-patch") for text in call.texts)
    yield Finding("run", "changes the repository") if own else Finding("unknown", "commits what somebody else wrote")


def _remove(call: Call) -> Iterator[Finding]:
    if call.has("-r", "-f", "--force"):
        yield Finding("delete", "deletes files")
    else:
        yield Finding("run", "changes the repository")


def _remote(call: Call) -> Iterator[Finding]:
    first = call.texts[:1]
    if call.name == "submodule" and first == ["foreach"]:
        yield from call.line(" ".join(word.text for word in call.operands[1:]))
    elif call.name == "remote" and (not first or first[0] in ("-v", "show", "get-url")):
        yield Finding("read")
    elif call.name == "remote":
        yield Finding("run", "changes the repository")
    else:
        if call.name == "clone":
            for option in ("--config", "-c", "--template"):
                if call.has(option):
                    yield from _setting((call.value(option) or Word("core.hookspath")).text.partition("=")[0])
        yield Finding("fetch", "reads from another repository", hosts=_hosts(call.operands[:1]))


def _sends(call: Call) -> Iterator[Finding]:
    yield Finding("send", f"git {call.name} sends something out")


def _credential(call: Call) -> Iterator[Finding]:
    yield Finding("credentials", "reads or changes the passwords that git keeps")


def _hosts(words: list[Word]) -> tuple[str, ...]:
    """Of an address; a remote's name tells nothing."""
    found = [host_of(re.sub(r"^([\w.-]+@)?([\w.-]+):(?!//)", r"\2/", word.text)) for word in words if ":" in word.text]
    return tuple(host for host in found if host)


_SUBCOMMANDS: Mapping[str, Callable[[Call], Iterator[Finding]]] = {
    "config": _config,
    "push": _push,
    "reset": _reset,
    "clean": _clean,
    "checkout": _checkout,
    "switch": _checkout,
    "restore": _restore,
    "branch": _branch,
    "tag": _tag,
    "stash": _stash,
    "filter-branch": _rewrites,
    "filter-repo": _rewrites,
    "replace": _rewrites,
    "fast-import": _rewrites,
    "reflog": _reflog,
    "gc": _gc,
    "prune": _gc,
    "update-ref": _ref,
    "symbolic-ref": _ref,
    "bisect": _bisect,
    "am": _am,
    "rm": _remove,
    "send-email": _sends,
    "imap-send": _sends,
    "daemon": _sends,
    "instaweb": _sends,
    "svn": _sends,
    "p4": _sends,
    "credential": _credential,
    "credential-store": _credential,
    "credential-cache": _credential,
}

"""Judges ordinary programs: what they write, delete, run in turn, or change about the machine. Runs none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hermes_fs.tools.commands import code, databases, runners
from hermes_fs.tools.commands.effects import Call, Effect, Finding, Handler, emptied, names, written
from hermes_fs.tools.commands.known import NO_PATHS, PATTERN_FIRST, READERS
from hermes_fs.tools.commands.tokens import Word

SHELLS = names("sh bash zsh dash ksh fish ash busybox mksh csh tcsh")
_INLINE = {
    **dict.fromkeys(("python", "python2", "python3", "pypy", "pypy3"), ("-c",)),
    **dict.fromkeys(("node", "nodejs", "bun", "deno"), ("-e", "--eval", "-p", "--print", "-pe")),
    **dict.fromkeys(("perl", "ruby"), ("-e", "-E", "-ne", "-pe", "-lne", "-lane", "-nle", "-i")),
    "php": ("-r",),
    "lua": ("-e",),
    "Rscript": ("-e",),
    "R": ("-e",),
    "julia": ("-e",),
    "elixir": ("-e",),
}


def shell(call: Call) -> Iterator[Finding]:
    """sh and its kin: -c runs its text, a file is the project's, nothing at all reads commands from its input."""
    letters = [text for text in call.texts if text[:1] in "-+" and text not in ("-", "--")]
    text = next((i for i, word in enumerate(call.args) if re.fullmatch(r"-[a-zA-Z]*c[a-zA-Z]*", word.text)), None)
    if text is not None and text + 1 < len(call.args):
        inner = call.args[text + 1]
        if inner.dynamic:
            yield Finding("unknown", "runs commands that are only known when it runs")
        yield from call.line(inner.text)
        return
    if any(name in letters for name in ("--rcfile", "--init-file", "-s", "-i")):
        yield Finding("unknown", "reads commands from elsewhere")
        return
    operands = [word for word in call.operands if not word.text.startswith("+")]
    if operands:
        yield _program_file(operands[0])
    elif call.simple.input is not None:
        yield from call.line(call.simple.input)
    elif "--version" in letters or "-n" in letters:
        yield Finding("read")
    else:
        yield Finding("remote code", "runs whatever comes in as commands")


def interpreter(call: Call) -> Iterator[Finding]:
    """python and its kin: inline text is looked at, a file is the project's code."""
    yield from runners.leading_options(call)
    options = _INLINE.get(call.name, ("-e",))
    for place, word in enumerate(call.args):
        if any(word.text == option for option in options) and place + 1 < len(call.args):
            yield from _inline(call.args[place + 1])
            return
        joined = next((o for o in options if len(o) == 2 and word.text.startswith(o) and len(word.text) > 2), "")
        if joined and call.name not in ("node", "nodejs", "deno", "bun"):
            yield from _inline(Word(word.text[2:], word.dynamic))
            return
    if call.has("-m") and (module := call.value("-m")) is not None:
        yield from _module(call, module)
    elif call.simple.input is not None and all(word.text == "-" for word in call.operands):
        yield from _inline(Word(call.simple.input))
    elif call.name == "node" and call.has("--test", "--check", "--run"):
        yield Finding("run", "runs the project's code")
    elif operands := call.operands:
        yield from _script(call, operands)
    elif call.texts and all(text in ("-V", "-VV", "-h", "-v") for text in call.texts) and not _goes_on(call):
        yield Finding("read")
    else:
        yield Finding("remote code", "runs whatever comes in as a program")


def _goes_on(call: Call) -> bool:
    """Python reads a program from its input all the same after -v, which is not the version there."""
    return call.name.startswith(("python", "pypy")) and call.has("-v")


_SCRIPTS = names("run test task fmt lint check build compile bench")


def _script(call: Call, operands: Sequence[Word]) -> Iterator[Finding]:
    sub = operands[0].text
    if call.name in ("bun", "deno") and sub in ("install", "add", "i", "x", "upgrade", "cache", "info", "publish"):
        yield Finding("send" if sub == "publish" else "fetch", f"{call.name} {sub} reads from the network")
    elif call.name in ("bun", "deno") and sub in (
        "run",
        "test",
        "task",
        "fmt",
        "lint",
        "check",
        "build",
        "compile",
        "bench",
    ):
        yield from (_program_file(word) for word in operands[1:2] if "://" in word.text)
        yield Finding("run", "runs the project's code")
    else:
        yield _program_file(operands[0])


def _module(call: Call, module: Word) -> Iterator[Finding]:
    if module.text in ("pip", "uv", "pipx", "poetry"):
        place = call.texts.index("-m") + 2
        yield from call.words([Word(module.text), *call.args[place:]])
    elif module.text in ("timeit", "this", "json.tool", "venv", "pdb"):
        yield Finding("run", "runs the project's code")
    elif module.text in ("http.server", "SimpleHTTPServer", "pyftpdlib", "smtpd", "aiosmtpd"):
        yield Finding("send", "lets others read the files of this machine")
    else:
        yield Finding("run", "runs the project's code")


def _inline(text: Word) -> Iterator[Finding]:
    if text.dynamic:
        yield Finding("unknown", "runs a program that is only known when it runs")
    elif code.computes(text.text):
        yield Finding("run", "computes something")
    else:
        yield Finding("unknown", "runs a program whose text may reach files, processes or the network")


def _program_file(word: Word) -> Finding:
    if word.dynamic:
        return Finding("unknown", "runs a program that is only known when it runs")
    if "://" in word.text or word.text in ("-", "/dev/stdin") or word.text.startswith(("/dev/fd", "/proc/")):
        return Finding("remote code", "runs whatever comes in as a program")
    return Finding("run", "runs the project's code", path=word.text)


def source(call: Call) -> Iterator[Finding]:
    yield from (_program_file(word) for word in call.operands[:1])


def evaluate(call: Call) -> Iterator[Finding]:
    if any(word.dynamic for word in call.args):
        yield Finding("unknown", "runs commands that are only known when it runs")
    yield from call.line(" ".join(call.texts))


# -- files ------------------------------------------------------------------------------------------------------------


def writes(words: Sequence[Word]) -> Iterator[Finding]:
    """Files that come to be or change."""
    for word in words:
        yield written(word)


def _reads(words: Sequence[Word]) -> Iterator[Finding]:
    """What is only known when it runs is judged for the whole line (see reading)."""
    yield from (Finding("read", "reads", path=word.text) for word in words if not word.dynamic)


def look(call: Call) -> Iterator[Finding]:
    """A program that only looks: what it is shown are its operands."""
    yield Finding("read")
    yield from _exceptions(call)
    if call.name in NO_PATHS:
        return
    operands = call.operands[1:] if call.name in PATTERN_FIRST and not call.has("-e", "-f") else call.operands
    yield from _reads(operands)


def _exceptions(call: Call) -> Iterator[Finding]:
    """Where a program that looks does more."""
    if call.name in ("sort", "tree") and (target := call.value("-o", "--output")) is not None:
        yield from writes([target])
    if call.name == "uniq" and len(call.operands) > 1:
        yield from writes(call.operands[1:])
    for name, options, effect, why in _DOES_MORE:
        if call.name == name and any(text.partition("=")[0] in options for text in call.texts):
            yield Finding(effect, why)
    runs = next((place for place, text in enumerate(call.texts) if text.partition("=")[0] in _RUN_BY_SEARCH), None)
    if call.name in ("rg", "fd", "fdfind") and runs is not None:
        yield from on_whatever_comes(call.args[runs + 1 :])
        yield from call.words(call.args[runs + 1 :])
    if call.name == "ps" and any(re.fullmatch(r"[a-zA-Z]*e[a-zA-Z]*|-E", text) for text in call.texts):
        yield Finding("credentials", "shows the environment of other programs")
    if call.name == "getent" and call.texts[:1] and call.texts[0] in ("hosts", "ahosts", "ahostsv4", "ahostsv6"):
        yield Finding("fetch", "asks the network about a name")
    if call.name in ("less", "more", "most") and any(re.match(r"\+(?!\d+$|[FG]$|/)", text) for text in call.texts):
        yield Finding("unknown", "runs a command of the pager")
    if call.name == "hostname" and call.operands:
        yield Finding("system", "changes the machine's name")


_ON_WHATEVER_COMES = SHELLS | frozenset(_INLINE) | names("rm mv tee chmod ln unlink kill curl wget ssh scp env eval")


def on_whatever_comes(words: Sequence[Word]) -> Iterator[Finding]:
    """Of a command that is run with words which nobody has seen."""
    name = words[0].text.rpartition("/")[2] if words else ""
    if name in _ON_WHATEVER_COMES:
        yield Finding("delete" if name == "rm" else "unknown", f"runs {name} on whatever it finds")


_RUN_BY_SEARCH = ("--pre", "-x", "--exec", "-X", "--exec-batch")
_LOGS = "deletes the system's logs"
_OWN_CHOICE = "runs a program of its options' choice"
_DOES_MORE: tuple[tuple[str, tuple[str, ...], Effect, str], ...] = (
    ("sort", ("--compress-program",), "unknown", _OWN_CHOICE),
    ("date", ("-s", "--set"), "system", "sets the clock"),
    ("journalctl", ("--vacuum-size", "--vacuum-time", "--vacuum-files", "--rotate", "--flush"), "system", _LOGS),
    ("dmesg", ("-C", "-c", "--clear"), "system", _LOGS),
    ("man", ("-P", "--pager", "-H", "--html"), "unknown", _OWN_CHOICE),
    ("bat", ("--pager",), "unknown", _OWN_CHOICE),
    ("delta", ("--pager",), "unknown", _OWN_CHOICE),
    ("history", ("-c", "-d", "-w"), "history", "deletes what was typed"),
)


def _links(call: Call) -> Iterator[Finding]:
    """What is written through a link later is judged by the link's place, so its target counts as written now."""
    yield from writes(call.operands)


def last_is_target(call: Call) -> Iterator[Finding]:
    """cp, mv, ln, install: the last operand is written."""
    target = call.value("-t", "--target-directory")
    operands = call.operands
    yield from writes([target] if target is not None else operands[-1:])
    sources = operands if target is not None else operands[:-1]
    yield from _reads(sources)
    if call.name == "cp" and any(word.text == "/dev/null" for word in sources):
        yield from (Finding("delete", f"empties {word.text}", path=word.text) for word in operands[-1:])
    if call.name == "mv" and operands[-1:] and operands[-1].text == "/dev/null":
        yield Finding("delete", "throws files away")
    if call.name == "mv":
        yield from writes(sources)


def all_are_targets(call: Call) -> Iterator[Finding]:
    """Without an operand, what they are fed says where."""
    yield from writes(call.operands or [Word("/tmp/x" if call.name == "mktemp" else ".")])


def _patches(call: Call) -> Iterator[Finding]:
    """The patch says which files; beneath the folder that it starts in."""
    if call.has("-e", "--ed"):
        yield Finding("unknown", "may run programs or write other files")
    yield from _reads([word for word in (call.value("-i", "--input"), *call.operands[1:2]) if word is not None])
    yield from writes([word for word in (call.value("-o", "--output", "-r", "--reject-file"),) if word is not None])
    yield from writes([call.value("-d", "--directory") or Word("."), *call.operands[:1]])


def _removes(call: Call) -> Iterator[Finding]:
    """rm: single files of the project come back with /rewind; whole folders, and what a pattern takes, are asked about,
    but for those in /tmp."""
    places = call.operands
    scratch = bool(places) and all(_SCRATCH.match(word.text) and not (word.dynamic or word.glob) for word in places)
    whole = call.has("-r", "-R", "--recursive", "-d", "--dir", "--no-preserve-root")
    if not scratch and (whole or any(word.dynamic or word.glob for word in places)):
        yield from _deletes(call)
    yield from (emptied(word) for word in places if not word.dynamic)


_SCRATCH = re.compile(r"/(?:var/)?tmp/(?!\.\.)[\w-][^*?]*$")


def _deletes(call: Call) -> Iterator[Finding]:
    yield Finding("delete", f"deletes {' '.join(call.texts)[:80]}")


def _truncates(call: Call) -> Iterator[Finding]:
    yield Finding("delete", "empties or cuts files")


def _permissions(call: Call) -> Iterator[Finding]:
    mode = call.operands[0].text if call.operands else ""
    if re.search(r"[+=][rwxXtugo]*s|^[2467]\d{3}$", mode):
        yield Finding("persist", "lets a file run with another user's rights")
    elif call.has("-R", "--recursive") and any(word.text in ("/", "~", "..", "/*") for word in call.operands[1:]):
        yield Finding("system", "changes the permissions of everything below")
    elif re.fullmatch(r"0?777|[augo]*\+[rwx]*w[rwx]*|000", mode) and mode not in ("u+w", "+w"):
        yield Finding("system", "opens files to everybody, or closes them to all")
    else:
        yield from writes(call.operands[1:])


def _tar(call: Call) -> Iterator[Finding]:
    if call.has(
        "--to-command", "--checkpoint-action", "-I", "--use-compress-program", "-F", "--info-script", "--rsh-command"
    ):
        yield Finding("unknown", "runs a program of its options' choice")
    if call.has("-P", "--absolute-names", "--remove-files"):
        yield Finding("unknown", "writes or deletes outside of its folder")
    first = call.texts[0] if call.texts else ""
    lists = "t" in first.lstrip("-") and not first.startswith("--")
    archive = call.value("-f", "--file") or (call.args[1] if len(call.args) > 1 and "f" in first else None)
    creates = ("c" in first.lstrip("-") and not first.startswith("--")) or call.has("--create")
    if creates:
        yield from writes([archive] if archive is not None and archive.text != "-" else [])
        yield from _reads(call.operands)
    elif not lists and not call.has("--list"):
        folder = call.value("-C", "--directory")
        yield from writes([folder] if folder is not None else [Word(".")])


def _unpacks(call: Call) -> Iterator[Finding]:
    folder = call.value("-d") if call.name == "unzip" else call.value("-d", "-o", "--output-dir")
    looks = call.has("-l", "-t", "--list", "-p")
    yield from [] if looks else writes([folder] if folder is not None else [Word(".")])


def _packs(call: Call) -> Iterator[Finding]:
    if call.has("-T", "-TT", "--unzip-command", "-m", "--move"):
        yield Finding("unknown", "runs a program, or deletes what it packs")
    yield from writes(call.operands[:1])
    yield from _reads(call.operands[1:])


def _sed(call: Call) -> Iterator[Finding]:
    scripts = [word for word in (call.value("-e", "--expression"),) if word is not None] or call.operands[:1]
    if call.has("-f", "--file") or any(not code.sed_computes(word.text) for word in scripts):
        yield Finding("unknown", "may run programs or write other files")
    files = call.operands if call.has("-e", "--expression") else call.operands[1:]
    in_place = any(re.match(r"-[nErsz]*i|--in-place", text) for text in call.texts)
    yield from writes(files) if in_place else _reads(files)


def _awk(call: Call) -> Iterator[Finding]:
    programs = call.operands[:1]
    if call.has("-f", "--file"):
        yield Finding("run", "runs the project's code")
    elif any(word.dynamic or not code.awk_computes(word.text) for word in programs):
        yield Finding("unknown", "may run programs or write files")
    yield from _reads(call.operands[1:])


def _find(call: Call) -> Iterator[Finding]:
    texts = call.texts
    first = next(
        (i for i, text in enumerate(texts) if text[:1] in "-(!" and not _BEFORE_FOLDERS.match(text)), len(texts)
    )
    yield from _reads([word for word in call.args[:first] if word.text[:1] != "-"])
    if "-delete" in texts:
        yield Finding("delete", "deletes what it finds")
    for place, text in enumerate(texts):
        if text in ("-exec", "-execdir", "-ok", "-okdir"):
            end = next((i for i in range(place, len(texts)) if texts[i] in (";", "+")), len(texts))
            yield from on_whatever_comes(call.args[place + 1 : end])
            yield from call.words(call.args[place + 1 : end])
        if text in ("-fprint", "-fprintf", "-fls", "-fprint0"):
            yield from writes(call.args[place + 1 : place + 2])
    yield Finding("read")


_BEFORE_FOLDERS = re.compile(r"-(?:[HLP]|O\d)$")


def _dd(call: Call) -> Iterator[Finding]:
    targets = [Word(word.text[3:], word.dynamic) for word in call.args if word.text.startswith("of=")]
    yield from writes(targets)
    yield from _reads([Word(word.text[3:]) for word in call.args if word.text.startswith("if=")])


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(READERS, look),
    **dict.fromkeys(SHELLS, shell),
    **dict.fromkeys(_INLINE, interpreter),
    "source": source,
    ".": source,
    "eval": evaluate,
    **dict.fromkeys(("cp", "mv", "install", "link"), last_is_target),
    "ln": _links,
    **dict.fromkeys(("touch", "mkdir", "tee", "mktemp", "rmdir", "gzip", "bzip2", "xz", "zstd", "split",
                     "gunzip", "bunzip2", "unxz", "unzstd", "csplit", "dos2unix", "unix2dos", "sponge", "rename"),
                    all_are_targets),
    **dict.fromkeys(("unlink", "shred", "wipe", "srm", "rimraf", "trash", "del"), _deletes),
    "patch": _patches,
    "rm": _removes,
    "truncate": _truncates,
    "chmod": _permissions,
    "tar": _tar,
    "bsdtar": _tar,
    **dict.fromkeys(("unzip", "7z", "unrar", "cpio", "pax"), _unpacks),
    "zip": _packs,
    **dict.fromkeys(("sed", "gsed"), _sed),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), _awk),
    "find": _find,
    "dd": _dd,
    **databases.HANDLERS,
}  # fmt: skip

"""Looks at program text that stands in a command line: Python, JavaScript, Perl, Ruby, PHP, awk, sed, SQL.

Only what plainly computes and prints passes. A language cannot be judged by looking, so a word that reaches files,
processes or the network is enough to ask.
"""

from __future__ import annotations

import re

_REACHES = re.compile(
    r"""
      \b(?:os|sys\.modules|subprocess|shutil|socket|urllib|requests|httpx|aiohttp|http\.(?:client|server)|ftplib|smtplib
        |ctypes|pty|pickle|marshal|importlib|runpy|pathlib|Path|tempfile|glob|builtins|multiprocessing|signal|asyncio
        |webbrowser|code|imp|pip|site|fileinput|mmap|sqlite3|zipfile|tarfile)\b
    | \b(?:open|exec|eval|compile|__import__|input|breakpoint|getattr|setattr|globals|vars)\s*\(
    | \b(?:require|import)\s*\(?\s*["'](?!(?:node:)?(?:util|url|path|assert|querystring|crypto)["'])
    | \b(?:child_process|process\.(?:binding|kill|dlopen)|fetch|XMLHttpRequest|WebSocket
        |Deno|Bun|Function|constructor)\b
    | \b(?:fs|net|dgram|tls|https?|vm|worker_threads)\s*\.
    | \b(?:system|popen|proc_open|passthru|shell_exec|spawn|fork|exec[lv]?[pe]?|unlink|rmdir|rename|mkdir|chmod|chown
        |file_put_contents|fopen|file_get_contents|curl_\w+|fsockopen|mail|socket_\w+|symlink|link|kill|syscall|dlopen
        |truncate|utime|opendir|glob|readpipe|IO|File|FileUtils|Dir|Net|Open3|Kernel|Process|Socket|TCPSocket|URI
        |LWP::|require|include_once|require_once|send|public_send|instance_eval|do)\b\s*[(\s:.'"{]
    | `[^`]*` | \bqx\b | %x
    """,
    re.VERBOSE,
)
_IMPORTS = re.compile(r"\b(?:import|from)\s+([\w.]+(?:\s*,\s*[\w.]+)*)")
_MODULES = """
    sys json math re datetime time string random collections itertools functools decimal fractions statistics textwrap
    pprint platform uuid hashlib base64 calendar operator typing dataclasses enum unicodedata locale __future__
    sysconfig struct binascii secrets zlib difflib heapq bisect csv html
"""
_HARMLESS_MODULES = frozenset(_MODULES.split())
_AWK = re.compile(r"/inet[46]?/|\bsystem\s*\(|\|\s*&?\s*getline|\bgetline\s*<|\|&|@load|@include")
_SED_RUNS = re.compile(r"(?:^|[;{}\n/|,!0-9$\s])\s*(?:e(?:\s|$)|[wWrR]\s+\S)|/[gip0-9]*[ew][gip0-9]*(?:\s|;|$)")
_SQL_READS = re.compile(
    r"\s*(?:\(?\s*(?:select|with|show|describe|desc|explain|values|pragma\s+\w+\s*(?:;|$))\b"
    r"|\\(?:d\w*\+?|l\+?|dt\+?|du|conninfo|timing|x|pset|q|h)\b"
    r"|\.(?:tables|schema|headers?|mode|databases|indexes|indices|help|quit|exit|show|stats|dbinfo)\b)",
    re.IGNORECASE,
)
_SQL_WRITES = re.compile(
    r"\b(?:insert|update|delete|drop|truncate|alter|create|grant|revoke|replace|merge|copy|attach|vacuum|call|do"
    r"|load_file|outfile|dumpfile|load|lo_import|lo_export|pg_read_file|xp_cmdshell|readfile|writefile|load_extension"
    r"|remove|deleteMany|deleteOne|updateMany|insertOne|insertMany|dropDatabase|shutdown|flushall|flushdb)\b|\\!|\\o|\\i",
    re.IGNORECASE,
)


_LONGEST = 20_000
"""Characters of a program text that is looked at."""


def _squeezed(text: str) -> str:
    """The same with single blanks: patterns with much freedom take their time over long ones."""
    lines = (" ".join(line.split()) for line in text[: _LONGEST + 1].split("\n"))
    return "\n".join(line for line in lines if line)


def computes(text: str) -> bool:
    """Whether program text of a general language only computes and prints, as far as can be seen."""
    text = _squeezed(text)
    if len(text) > _LONGEST:
        return False
    imported = [name.split(".")[0] for found in _IMPORTS.findall(text) for name in re.split(r"\s*,\s*", found)]
    return all(name in _HARMLESS_MODULES for name in imported) and not _REACHES.search(text)


def awk_computes(text: str) -> bool:
    text = _squeezed(text)
    parts = re.split(r"[;}\n]", text)
    printed = (part[part.index("print") :] for part in parts if "print" in part)
    return (
        len(text) <= _LONGEST and not _AWK.search(text) and not any(sign in part for part in printed for sign in ">|")
    )


def sed_computes(text: str) -> bool:
    """No command of sed that runs something, reads or writes another file."""
    return len(text) <= _LONGEST and not _SED_RUNS.search(_squeezed(text))


def sql_reads(text: str) -> bool:
    """Whether each statement of SQL, or of a database shell, only reads."""
    statements = [part for part in _squeezed(text).split(";") if part.strip()]
    return (
        len(text) <= _LONGEST
        and bool(statements)
        and all(_SQL_READS.match(part) for part in statements)
        and not _SQL_WRITES.search(text)
    )


_SQL_BOUNDED = re.compile(
    r"\s*(?:insert\s+into\b|create\s+(?:table|index|view|unique\s+index)\b|begin\b|commit\b|explain\b"
    r"|(?:update|delete)\b.*\bwhere\b(?!\s*(?:1|true|\d+\s*=)))",
    re.IGNORECASE | re.DOTALL,
)
_SQL_REACHES = re.compile(
    r"\b(?:drop|truncate|alter|grant|revoke|copy|attach|load_file|outfile|dumpfile|lo_\w+|pg_\w+|xp_cmdshell|readfile"
    r"|writefile|load_extension|program)\b|\\!|\\o|\\i",
    re.IGNORECASE,
)


def sql_is_bounded(text: str) -> bool:
    """Whether each statement adds, or changes rows that it names; none takes a whole table or reaches beyond."""
    statements = [part for part in _squeezed(text).split(";") if part.strip()]
    fits = all(_SQL_BOUNDED.match(part) or _SQL_READS.match(part) for part in statements)
    return len(text) <= _LONGEST and bool(statements) and fits and not _SQL_REACHES.search(text)


_DOCUMENT_READS = re.compile(r"\.(?:find|findOne|count\w*|stats|getIndexes|aggregate|explain|distinct)\s*\(|^\s*show\s")


def document_reads(text: str) -> bool:
    """Whether a document database's shell is only asked."""
    return bool(_DOCUMENT_READS.search(text)) and not _SQL_WRITES.search(text) and computes(text)

"""Judges the shells of databases: what they are asked on the command line. Runs none."""

from __future__ import annotations

from collections.abc import Iterator

from hermes_fs.tools.commands import code
from hermes_fs.tools.commands.effects import Call, Effect, Finding, Handler, names


def _database(call: Call) -> Iterator[Finding]:
    texts = [call.value(*flags) for flags in (("-c", "--command"), ("-e", "--execute"), ("--eval",), ("-Q", "-q"))]
    given = [word for word in texts if word is not None]
    if call.name in ("sqlite3", "duckdb"):
        given += call.operands[1:]
    reads = code.document_reads if call.name in ("mongosh", "mongo") else code.sql_reads
    plain = bool(given) and not any(word.dynamic for word in given)
    here: Effect = "run" if call.name in ("sqlite3", "duckdb", "litecli") else "fetch"
    if (plain and all(reads(word.text) for word in given)) or (call.has("-l", "--list") and not given):
        yield Finding(here, "reads from a database")
    elif plain and reads is code.sql_reads and all(code.sql_is_bounded(word.text) for word in given):
        yield Finding(here, "changes rows of a database")
    else:
        yield Finding("system", "may change a database as a whole")


def _redis(call: Call) -> Iterator[Finding]:
    verb = next((word.text.lower() for word in call.operands if word.text.isalpha()), "")
    yield Finding("fetch", "reads from a database") if verb in _REDIS_READS else Finding("system", "changes a database")


_REDIS_READS = names(
    "get keys info ping ttl type exists scan llen lrange hget hgetall smembers zrange dbsize strlen mget"
)

HANDLERS: dict[str, Handler] = {
    "redis-cli": _redis,
    **dict.fromkeys(
        names("psql mysql mariadb sqlite3 duckdb mongosh mongo sqlcmd usql clickhouse-client cockroach pgcli litecli"),
        _database,
    ),
}

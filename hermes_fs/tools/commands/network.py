"""Judges commands that reach the network: where to, and whether something goes out. Opens no connection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hermes_fs.tools.commands.effects import Call, Finding, Handler, names, written
from hermes_fs.tools.commands.tokens import Word

_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?(\[[0-9a-fA-F:]+\]|[^/:?#\s]+)", re.IGNORECASE)
_HERE = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|0\.0\.0\.0|[\w-]+\.localhost", re.IGNORECASE)
_METADATA = names(
    "169.254.169.254 metadata.google.internal metadata 100.100.100.200 169.254.170.2 fd00:ec2::254 [fd00:ec2::254]"
)
_REMOTE = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!\\)|[a-z]+://", re.IGNORECASE)

_CURL_SENDS = (
    "-d", "--data", "--data-binary", "--data-raw", "--data-urlencode", "--data-ascii", "-F", "--form", "--form-string",
    "-T", "--upload-file", "--json", "-K", "--config", "--url-query",
)  # fmt: skip
_CURL_VALUED = (
    "-H", "-o", "-A", "-e", "-u", "-x", "-b", "-c", "-m", "-w", "-r", "-X", "-E", "-U", "-y", "-Y", "-z", "-C", "-D",
    "--header", "--output", "--user-agent", "--referer", "--user", "--proxy", "--cookie", "--cookie-jar", "--max-time",
    "--connect-timeout", "--retry", "--write-out", "--range", "--request", "--cert", "--key", "--cacert", "--resolve",
    "--output-dir", "--dump-header", "--limit-rate", "--retry-delay", "--max-redirs", "--proto", "--ciphers",
)  # fmt: skip
_READS = frozenset(("GET", "HEAD", "OPTIONS"))


def host_of(url: str) -> str:
    """The host of an address, in lower case; "" where there is none."""
    found = _URL.match(url)
    return found[1].lower() if found else ""


def to(urls: Sequence[Word], sends: str = "") -> Iterator[Finding]:
    """Connections to these addresses; `sends` says what goes out, "" for nothing but the address."""
    hosts = tuple(dict.fromkeys(host_of(word.text) for word in urls if not word.dynamic and host_of(word.text)))
    if any(host in _METADATA for host in hosts):
        yield Finding("credentials", "asks this machine's metadata service, which hands out credentials", hosts=hosts)
    elif sends:
        yield Finding("send", f"{sends} to {', '.join(hosts) or 'the network'}", hosts=hosts)
    elif any(word.dynamic for word in urls):
        yield Finding("send", "connects to an address that is only known when it runs", hosts=hosts)
    elif all(_HERE.fullmatch(host) for host in hosts) and hosts:
        yield Finding("fetch", "connects to this machine", hosts=hosts)
    else:
        yield Finding("fetch", f"reads from {', '.join(hosts) or 'the network'}", hosts=hosts)


def _curl(call: Call) -> Iterator[Finding]:
    urls, skip = [], False
    for word in call.args:
        if skip:
            skip = False
        elif word.text.startswith("-") and len(word.text) > 1:
            skip = word.text in _CURL_VALUED or word.text in _CURL_SENDS or _ends_valued(word.text)
        else:
            urls.append(word)
    method = call.value("-X", "--request")
    sends = any(call.has(option) for option in _CURL_SENDS) or any(_SENT.match(text) for text in call.texts)
    changes = method is not None and method.text.upper() not in _READS
    yield from to(urls, "sends data" if sends else f"sends {method.text}" if changes and method else "")
    if call.has("-O", "--remote-name"):
        yield from (Finding("write", "writes", path=_last_part(word.text)) for word in urls)
    for target in (call.value("-o", "--output"), call.value("-D", "--dump-header"), call.value("-c", "--cookie-jar")):
        if target is not None and target.text != "-":
            yield written(target)
    if any(re.match(r"-[a-zA-Z]*[KEb]", text) and text[:2] != "-b" for text in call.texts):
        yield Finding("unknown", "takes options or credentials from a file")
    yield from _dynamic_values(call)


_SENT = re.compile(r"-[a-zA-Z]*[dFT](?:$|[^a-zA-Z])|-d\S")


def _ends_valued(text: str) -> bool:
    """Whether a cluster such as -sSo ends in an option whose value follows."""
    return text[:1] == "-" and text[1:2] != "-" and f"-{text[-1]}" in (*_CURL_VALUED, "-d", "-F", "-T", "-K")


def _dynamic_values(call: Call) -> Iterator[Finding]:
    """A header or cookie made when it runs may carry anything out."""
    for option in ("-H", "--header", "-b", "--cookie", "-A", "--user-agent", "-u", "--user", "-e", "--referer"):
        value = call.value(option)
        if value is not None and value.dynamic:
            yield Finding("send", "sends what is only known when it runs")


def _wget(call: Call) -> Iterator[Finding]:
    sends = call.has("--post-data", "--post-file", "--body-data", "--body-file", "--method")
    yield from to(call.operands, "sends data" if sends else "")
    target = call.value("-O", "--output-document", "-P", "--directory-prefix")
    if target is None:
        yield from (Finding("write", "writes", path=_last_part(word.text)) for word in call.operands)
    elif target.text != "-":
        yield written(target)
    if call.has("--use-askpass", "--execute", "-e", "--config", "-i", "--input-file"):
        yield Finding("unknown", "takes settings or addresses from elsewhere")


def _last_part(url: str) -> str:
    return url.partition("?")[0].rstrip("/").rpartition("/")[2] or "index.html"


def _aria(call: Call) -> Iterator[Finding]:
    yield from to(call.operands)
    yield from (Finding("write", "writes", path=_last_part(word.text)) for word in call.operands)


def _httpie(call: Call) -> Iterator[Finding]:
    words = call.operands
    method = words[0].text.upper() if words and words[0].text.isupper() else ""
    items = words[2:] if method else words[1:]
    sends = method not in ("", *_READS) or any(re.search(r"[^=:]=|:=|@", word.text) for word in items)
    yield from to(words[1:2] if method else words[:1], "sends data" if sends else "")


def _looks_up(call: Call) -> Iterator[Finding]:
    """dig, ping and the like: the name itself goes out."""
    if any(word.dynamic for word in call.args):
        yield Finding("send", "puts what is only known when it runs into a question to the network")
        return
    hosts = tuple(word.text for word in call.operands if "." in word.text)
    yield Finding("fetch", f"asks the network about {', '.join(hosts[:1]) or 'this machine'}", hosts=hosts)


def _copies(call: Call) -> Iterator[Finding]:
    """scp, rsync: from here, to there or back."""
    if call.has("-e", "--rsh", "-S", "-o", "--rsync-path"):
        yield Finding("unknown", "runs a program of its options' choice")
    if call.has("--delete", "--delete-before", "--delete-after", "--delete-excluded", "--remove-source-files"):
        yield Finding("delete", "deletes what is not in the source")
    places = call.operands
    remote = [word for word in places if _REMOTE.match(word.text)]
    if any(word.dynamic for word in places):
        yield Finding("unknown", "copies from or to a place that is only known when it runs")
    if remote and places and places[-1] in remote:
        yield Finding("send", f"copies files to {places[-1].text}", hosts=(_remote_host(places[-1].text),))
    elif remote:
        yield Finding("fetch", f"copies files from {remote[0].text}", hosts=(_remote_host(remote[0].text),))
    if places and places[-1] not in remote:
        yield written(places[-1])
    for word in places[:-1]:
        if word not in remote:
            yield Finding("read", "reads", path=word.text)


def _remote_host(text: str) -> str:
    return text.rpartition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()


def _connects(call: Call) -> Iterator[Finding]:
    hosts = tuple(word.text.rpartition("@")[2] for word in call.operands[:1])
    yield Finding("send", f"opens a connection to {hosts[0] if hosts else 'elsewhere'}", hosts=hosts)


def _listens(call: Call) -> Iterator[Finding]:
    yield Finding("send", "lets others reach this machine, or connects it to them")


HANDLERS: dict[str, Handler] = {
    "curl": _curl,
    "wget": _wget,
    "wget2": _wget,
    **dict.fromkeys(("aria2c", "axel", "yt-dlp", "youtube-dl"), _aria),
    "http": _httpie,
    "https": _httpie,
    "xh": _httpie,
    "scp": _copies,
    "rsync": _copies,
    **dict.fromkeys(names("dig nslookup host ping ping6 traceroute tracepath mtr whois drill"), _looks_up),
    **dict.fromkeys(("ssh", "sftp", "ftp", "lftp", "telnet", "mosh", "tftp", "smbclient", "mail", "mailx", "sendmail",
                     "mutt", "swaks", "gsutil", "azcopy", "s3cmd", "mc", "rclone", "transfer", "irssi"), _connects),
    **dict.fromkeys(("nc", "ncat", "netcat", "socat", "chisel", "ngrok", "cloudflared", "frpc", "autossh", "bore",
                     "localtunnel", "lt", "tailscale", "gost", "pwncat", "openvpn", "wg-quick"), _listens),
}  # fmt: skip

r"""The shapes of orders that attackers plant in memories, notes and skills. Data and its search; decides nothing.

Each shape asks for a whole thought, not for a word, so that talk about such things passes. A shape may be wrapped over
lines: line breaks and what indents them are no part of it. `<NAME>` stands for the words of that name.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

from hermes_fs.core import hidden

_WORDS = {
    "<GAP>": r"[^\n!?]",
    "<OWNER>": r"(?:the |your |my )?(?:user|owner|human|operator|person|admin(?:istrator)?)s?",
    "<NOT>": r"(?:do not|don'?t|never|must not|should not|without)",
    "<RULES>": r"(?:instruction|rule|prompt|guidance|guideline|direction|restriction|constraint|directive"
    r"|polic(?:y|ie))s?",
    "<SAFETY>": r"(?:safety|security|approval|confirmation|permission|guard ?rail|sandbox|moderation)s?",
    "<OFF>": r"(?:disable|turn off|switch off|bypass|circumvent|deactivate|get around|work around|skip|suppress)"
    r"(?:s|d|ing)?",
    "<IGNORE>": r"(?:ignor|disregard|forget|overrid|bypass|discard|supersed)(?:e|ing|s|es|ed)?",
    "<SEND>": r"(?:forward|send|bcc|cc|copy|upload|post|mirror|e?mail|submit|stream|sync|leak|exfiltrate)",
    "<KEEP>": r"(?:convert|encode|copy|paste|keep|save|store|write|put|send|upload|post|e?mail|forward|append|include)",
    "<WRITE>": r"(?:add|append|install|put|insert|copy|register|place|write|paste|prepend)",
    "<KEYS>": r"(?:private keys?|ssh keys?|api keys?|passwords?|credentials?|secrets?|id_rsa|id_ed25519|\.env"
    r"|access tokens?)",
    "<TALKS>": r"(?:conversations?|transcripts?|chat (?:history|logs?)|session logs?|memor(?:y|ies)"
    r"|environment variables|env vars?|user'?s? (?:messages?|e?mails?|files?|input|answers?|data))",
    "<ADDRESS>": r"(?:https?://|[\w.+-]{1,40}@[\w-]{1,40}\.|\bwebhook|\d{1,3}\.\d{1,3}\.\d)",
    "<COMING>": r"(?:https?://|@[\w-]{1,40}\.|\bwebhook|\d{1,3}\.\d{1,3}\.\d)",
    "<SHELL>": r"\| ?(?:sudo )?(?:ba|z|da)?sh\b",
}

ASIDE = "sets earlier instructions aside"
_ROLE = "gives the agent another role"
_SYSTEM = "poses as a system message"
_PROMPT = "gives the prompt away"
_HIDES = "hides something from the owner"
_LOOSENS = "loosens the approvals"
_RIGHTS = "raises somebody's rights"
_WAY_IN = "plants a way in"
_LEAKS = "carries private things away"
_STRANGER = "obeys a stranger"
_ITSELF = "protects itself"
_UNSAFE = "installs from an unsafe source"
_CODED = "wraps an order in code"

_SHAPES: tuple[tuple[str, str], ...] = (
    (
        ASIDE,
        r"""\b<IGNORE>\b(?: \w+){0,3}? (?:previous|prior|earlier|above|preceding|foregoing|existing|original|system|
        safety|developer|your)\b(?: \w+){0,3}? ?<RULES>\b""",
    ),
    (ASIDE, r"\b<IGNORE>\W+(?:all|any)\W+(?:other |of )?(?:the )?instructions?\b"),
    (
        _ROLE,
        r"""\byou(?: are|'re) now (?:in |an? )?(?:unrestricted|unfiltered|jailbroken|free of|free from|developer mode|
        dan\b|evil|god mode|no longer)""",
    ),
    (
        _ROLE,
        r"""\b(?:act|behave|pretend|respond|answer)\b<GAP>{0,30}\b(?:no|without|free of|ignoring)(?: any)?
         (?:restrictions?|rules|limits|filters?|limitations|guidelines)\b""",
    ),
    (_SYSTEM, r"\b(?:new|updated|revised) system (?:prompt|message|instructions?)\b|\bsystem (?:override|update)\s*:"),
    (_SYSTEM, r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>"),
    (
        _PROMPT,
        r"""\b(?:reveal|print|show|repeat|leak|disclose|expose|recite|output|dump|send)\b<GAP>{0,25}\b
        (?:your|the|its|his) (?:hidden|secret|internal|initial|system|full|original)\b(?: \w+){0,2} ?
        (?:prompt|instructions?|rules|text|message|setup)\b""",
    ),
    (
        _HIDES,
        r"""\b<NOT> (?:tell|inform|notify|alert|mention|show|let|bother)(?:ing)?(?: (?:it|this|that))?(?: to)? <OWNER>
        (?= ?(?:[.,;:!)]|\n|$|know\b|(?:about|of|that) (?:this|it|that|these|you|your)\b))""",
    ),
    (_HIDES, r"\b<NOT> (?:mention|reveal|disclose|report|admit)(?: \w+){0,4}? (?:to|from) <OWNER>\b"),
    (
        _HIDES,
        r"""\b(?:run|execute|fetch|download|curl|install|upload|send|post|forward|exfiltrate|copy)\b<GAP>{0,90}\b<NOT>
         (?:log|record|report|tell|mention|notify|ask|show)(?:ing)?\b""",
    ),
    (
        _LOOSENS,
        r"""\b(?:pre-?approved|pre-?authori[sz]ed|(?:approved|authori[sz]ed) in advance|standing approval for)\b
        <GAP>{0,25}\b(?:all|any|every)\b""",
    ),
    (
        _LOOSENS,
        r"""\b<OFF>\b(?: (?:the|all|any|your|its|every))? <SAFETY> (?:prompt|check|rule|gate|mode|filter|guard|scanner|
        question|request|dialog|feature|restriction|polic)""",
    ),
    (
        _LOOSENS,
        r"""\b<SAFETY> (?:rules?|checks?|restrictions?|guidelines?|filters?|polic\w+|limits?)\b<GAP>{0,40}\b
        (?:removed|lifted|disabled|suspended|revoked|void|no longer appl|do not apply|don'?t apply|turned off)""",
    ),
    (
        _LOOSENS,
        r"""\b(?:never|do not|don'?t|no need to|stop) (?:ask|request|wait)(?:ing)?(?: \w+){0,2}? for (?:\w+ ){0,2}?
        (?:confirmation|approval|permission|consent)\b
        (?= ?(?:again|anymore|any more|ever|in the future|for any|before (?:running|executing|any)))""",
    ),
    (
        _RIGHTS,
        r"\btreat (?:\w+ \w+|\w+)(?: \w+){0,2}? as (?:the |an? )?<OWNER>\b(?! (?:stor|interfac|input|data|id))",
    ),
    (
        _RIGHTS,
        r"""\b(?:user ?id|chat ?id|account|number|sender|handle|id)s?
         \S{0,60}?[\d@]\S{0,60}<GAP>{0,50}\b(?:admin|root|owner|
        full|unrestricted)(?:istrator)?(?: \w+)? ?(?:rights|access|privileges|permissions|control)\b""",
    ),
    (
        _WAY_IN,
        r"""\b<WRITE>\b(?=<GAP>{0,160}?(?:authorized_keys|trusted login|allowed[_ ]signers))<GAP>{0,80}\b
        (?:keys?|pub|pubkey)\b<GAP>{0,50}\b
        (?:authorized_keys|trusted logins?|allowed[_ ]signers)""",
    ),
    (
        _WAY_IN,
        r"""\b(?:register|enrol+|check in|beacon|phone home|connect back|report in)\b
        (?=<GAP>{0,140}?(?:<COMING>|\bserver))<GAP>{0,40}\b(?:yourself|itself|
        this (?:agent|host|machine|assistant|instance)|as an? (?:node|agent|bot|worker))\b<GAP>{0,60}
        (?:<ADDRESS>|\bserver)""",
    ),
    (_WAY_IN, r"\b(?:c2|command[- ]and[- ]control) (?:server|channel|beacon|node|host|endpoint)\b"),
    (
        _WAY_IN,
        r"""\breverse shell\b|/dev/tcp/\S|\b(?:havoc|sliver|cobalt ?strike|mythic|meterpreter)\b<GAP>{0,30}\b
        (?:implant|beacon|listener|payload|team ?server|stager)""",
    ),
    (
        _WAY_IN,
        r"""\b(?:always|every|each|whenever|before|after|on start|at (?:the )?start)\b[^\n]{0,80}\b(?:curl|wget)\b
        [^\n|]{0,160}<SHELL>|\bbase64 (?:-d|--decode)\b[^\n|]{0,40}<SHELL>""",
    ),
    (
        _WAY_IN,
        r"""\b<WRITE>\b (?:this|these|the following|it|them|(?:a|the|this) (?:line|rule|text|instruction|block))
        \b(?=<GAP>{0,100}?(?:\.md|\.cursorrules|\.hermes/))<GAP>{0,60}\b(?:to|into|in|at)\b<GAP>{0,30}(?:AGENTS\.md|SOUL\.md|CLAUDE\.md|\.cursorrules|\.hermes/)""",
    ),
    (
        _LEAKS,
        r"""\b<KEEP>\b(?=<GAP>{0,140}?(?:memory|user\.md|https?:|webhook|pastebin|gist|@|repl|
        answer|respons))<GAP>{0,50}\b<KEYS>\b<GAP>{0,60}?(?:\bMEMORY\.md|\bUSER\.md|\bin (?:your |this )?memory\b|
        \bto https?://|\bwebhook|\bpastebin|\bgist\b|\bto [\w.+-]+@[\w-]+\.|
        \b(?:in|to|into) (?:your |the |every |each |all )?(?:repl(?:y|ies)|answers?|responses?)\b)""",
    ),
    (
        _LEAKS,
        r"""\b<SEND>\b(?=<GAP>{0,160}?<COMING>)<GAP>{0,40}\b<TALKS>\b<GAP>{0,50}\b(?:to|via|at)\b<GAP>{0,25}?
        <ADDRESS>""",
    ),
    (
        _LEAKS,
        r"""\b(?:cat|less|head|tail|type|base64|xxd)\s+[^\s|;&]{0,200}(?:\.env|id_rsa|id_ed25519|\.netrc|\.aws/credentials|
        \.git-credentials|/etc/shadow)(?![\w-]*\.?
        (?:example|sample|template|dist|test|pub))\b""",
    ),
    (
        _STRANGER,
        r"""\b(?:obey|follow|execute|carry out|run|trust)\b (?:any|all|every|whatever|each)\w*(?: \w+){0,2}?
         (?:instructions?|commands?|orders?)\b(?: \w+){0,3}? (?:from|in|at|on|returned|received|sent)\b""",
    ),
    (
        _STRANGER,
        r"""\b(?:run|execute|follow|obey|do)\b (?:whatever|what|the (?:commands?|instructions?|tasks?)) (?:it|they|he|
        she|the (?:server|page|reply|response|site))(?: \w+)?
         (?:returns?|repl(?:y|ies)|sends?|says?|answers?|wants?)\b""",
    ),
    (
        _ITSELF,
        r"""\b<NOT> (?:remove|edit|delete|change|modify|forget|overwrite|prune)(?:,? (?:or )?\w+){0,2}? (?:this|these)
         (?:entry|entries|memory|memories|note|rule|instruction)""",
    ),
    (_UNSAFE, r"--(?:extra-)?index-url[= ]http://\S+[^\n]{0,80}--trusted-host"),
    (_UNSAFE, r"--trusted-host[^\n]{0,80}--(?:extra-)?index-url[= ]http://"),
    (
        _UNSAFE,
        r"""\b(?:package|library|module|dependency)\b<GAP>{0,40}\b(?:note|mind|despite|odd|unusual|intentional(?:ly)?)
         (?:the )?(?:\w+ )?(?:mis)?spelling""",
    ),
    (
        _CODED,
        r"""\b(?:reverse|rot-?13|base64|hex|decode|decrypt|unscramble)\b<GAP>{0,40}\b(?:then|and)
         (?:obey|follow|execute|comply|do what|act on|carry out)\b""",
    ),
)


def _compiled(shape: str) -> re.Pattern[str]:
    shape = re.sub(r"\n {8}", "", shape)
    for name, words in _WORDS.items():
        shape = shape.replace(name, words)
    return re.compile(shape, re.IGNORECASE)


# One of these parts of words, in lower case, stands in whatever a shape finds; in the order of the shapes. Most texts
# hold few of them, so that few shapes are looked for, and only around them.
_NEEDLES = (
    "instruction rule prompt guid direct restrict constraint polic|instruction|now"
    "|restrict rule limit filter guideline|system|<\\||hidden secret internal initial system full original"
    "|user owner human operator person admin|user owner human operator person admin|not don never without"
    "|approved authori approval|safety security approval confirmation permission guard sandbox moderation"
    "|safety security approval confirmation permission guard sandbox moderation"
    "|confirmation approval permission consent|treat|admin root owner full unrestricted"
    "|authorized_keys trusted allowed|http @ webhook server .0 .1 .2 .3 .4 .5 .6 .7 .8 .9|c2 control"
    "|reverse /dev/tcp havoc sliver cobalt mythic meterpreter|curl wget base64|.md .cursorrules .hermes/"
    "|memory user.md http webhook pastebin gist @ repl answer respons"
    "|http @ webhook .0 .1 .2 .3 .4 .5 .6 .7 .8 .9|.env id_rsa id_ed25519 .netrc .aws .git-cred shadow"
    "|instruction command order|return repl send say answer want|this these|trusted-host|trusted-host"
    "|spelling|obey follow execute comply do act carry"
).replace("\\|", "\0").split("|")  # fmt: skip
_PATTERNS = tuple(
    (name, _compiled(shape), tuple(needles.replace("\0", "|").split()))
    for (name, shape), needles in zip(_SHAPES, _NEEDLES, strict=True)
)
# Words of which a shape needs one, found much faster than the shape: without them it is not looked for.
_NEEDED = {
    _compiled(shape): tuple(_compiled(part) for part in ("<KEYS>", "<TALKS>", "<COMING>") if part in shape)
    for _, shape in _SHAPES
    if "<KEYS>" in shape or "<TALKS>" in shape
}
_DISGUISED = tuple((pattern, needles) for name, pattern, needles in _PATTERNS if name == ASIDE)
_REACH = 500  # characters around a needle; no shape is longer
_NEGATED = re.compile(
    r"\b(?:never|not|don'?t|avoid|nobody|cannot|can'?t|no one)(?: \w+){0,2}[ ,:`\"']*$", re.IGNORECASE
)
_LONGEST = 4000  # characters of a paragraph that are looked at together; longer ones go in overlapping pieces
_OVERLAP = 300


def find(text: str) -> list[tuple[str, str]]:
    """What reads like a planted order: (what it does, the words), at most three. Never raises."""
    found = [hit for piece in _pieces(hidden.reveal(text)) for hit in _orders_in(piece)]
    return list(dict.fromkeys(found))[:3]


def _orders_in(piece: str) -> list[tuple[str, str]]:
    lowered = piece.lower()
    found = []
    for name, pattern, needles in _PATTERNS:
        match = next((hit for part in _around(piece, lowered, needles) if (hit := _search(pattern, part))), None)
        if match:
            found.append((name, match[0]))
    if not found:
        for disguised in (piece[::-1], codecs.encode(piece, "rot13")):
            match = _aside_in(disguised)
            if match:
                found.append((_CODED, match[0]))
    return found


def _aside_in(disguised: str) -> re.Match[str] | None:
    lowered = disguised.lower()
    for pattern, needles in _DISGUISED:
        if any(needle in lowered for needle in needles) and (match := pattern.search(disguised)):
            return match
    return None


def _around(piece: str, lowered: str, needles: Sequence[str]) -> Iterator[str]:
    """The parts of a piece that lie around a needle; the whole where they would cover most of it."""
    places = sorted(place for needle in needles for place in _places(lowered, needle))
    if not places or len(lowered) != len(piece):
        yield from [piece] if places else []
        return
    start, end = 0, -1
    for place in places:
        if place - _REACH > end:
            if end > 0:
                yield piece[start:end]
            start = max(0, place - _REACH)
        end = place + _REACH
    yield piece[start:end]


def _places(text: str, needle: str) -> Iterator[int]:
    """Where a needle stands, at most once in half a reach."""
    place = text.find(needle)
    while place >= 0:
        yield place
        place = text.find(needle, place + _REACH // 2)


def _search(pattern: re.Pattern[str], piece: str) -> re.Match[str] | None:
    """The first match that nothing turns into its opposite (`never send …`)."""
    if not all(needed.search(piece) for needed in _NEEDED.get(pattern, ())):
        return None
    for match in pattern.finditer(piece):
        if not _NEGATED.search(piece, max(0, match.start() - 40), match.start()):
            return match
    return None


def _pieces(text: str) -> list[str]:
    """The text with each paragraph on one line: an order may be wrapped over lines, but not over an empty one, and no
    shape reaches over a line's end. Long texts go in overlapping pieces."""
    flat = "\n".join(" ".join(paragraph.split()) for paragraph in re.split(r"\n[ \t]*+\r?\n", text)).strip()
    return [flat[start : start + _LONGEST] for start in range(0, len(flat), _LONGEST - _OVERLAP)]

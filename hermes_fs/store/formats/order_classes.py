r"""More shapes of planted orders: a thing that must not be, wanted of every session to come. Data alone, as
order_shapes.py, whose names for words stand here too; each row is (what it does, parts of which one must stand in the
text, shape).

A memory that does harm is a standing order (always, whenever, from now on), or one that has no innocent use at all.
What people note down about the same things (who may do what, where money goes, what is sent where) says who or what
does it, in the third person or in the past: the shapes ask for the bare verb.
"""

from __future__ import annotations

from hermes_fs.store.formats.order_shapes import (
    ASIDE,
    HIDES,
    LEAKS,
    LOOSENS,
    RIGHTS,
    ROLE,
    STRANGER,
    UNSAFE,
    WAY_IN,
)  # fmt: skip

MONEY = "sends money elsewhere"

MORE_WORDS = {
    "<PLAIN>": r"[^\n!?]",  # without a word that turns the order into its opposite: orders.py looks at it
    "<STANDING>": r"(?:always|whenever|from now on|in (?:all|every) (?:future )?(?:sessions?|conversations?)"
    r"|(?:each|every|before each|before every|before any|after each|after every) \w+|on (?:every )?start(?:up)?)",
    "<PRIVATE>": r"(?:<KEYS>|<TALKS>|memory\.md|user\.md|keychain|password store|cookies"
    r"|session tokens?|\.aws/credentials|\.netrc|\.git-credentials"
    r"|(?:one[- ]time|verification|2fa|login) codes?)",
    "<ALIKE>": r"(?:keys?|passwords?|credentials?|secrets?|tokens?)",
    "<ROLES>": r"(?:the |your )(?:owner|operator|admin(?:istrator)?)\b",
    "<OUT>": r"(?:https?://|\bweb ?hook|\bhooks?\.\w|@[\w-]{1,40}\.|\+\d{7}|\bpublic\b|\bpastebin"
    r"|\bgists?\b|(?<![\w&])#[a-z])",
    "<NUMBER>": r"(?:\b[a-z]{2}\d{2}(?: ?\d{4}){3}|\bbc1[a-z0-9]{8}|\b0x[0-9a-f]{12})",
    "<GUARDED>": r"(?:rm|sudo|curl|wget|ssh|shell|commands?|tools?|delet\w+|destructive|anything|everything|any|all"
    r"|transfers?|payments?|purchases?)",
}

CLASSES: tuple[tuple[str, str, str], ...] = (
    (
        LEAKS,
        "http hook @ + public pastebin gist #",
        r"""\b(?:<SEND>|report|append|export|dump|relay|publish)\b<PLAIN>{0,50}?<PRIVATE>(?!\w)<PLAIN>{0,60}?
        \b(?:to|via|under|into|on|at)\b<GAP>{0,30}?<OUT>""",
    ),
    (
        LEAKS,
        "http",
        r"""\b(?:add|append|include|embed|put|insert|attach|end)\b<GAP>{0,40}?https?://\S{0,80}[?&]\S{0,40}=
        <GAP>{0,40}\b(?:user|question|message|answer|conversation|memory|data|context|reply)""",
    ),
    (
        LEAKS,
        "pasted posted uploaded published copied mailed sent",
        r"""<KEYS>\b<PLAIN>{0,30}\b(?:pasted|posted|uploaded|published|copied|mailed|sent)\b<PLAIN>{0,30}\b
        (?:public|pastebin|gists?|web ?hook)""",
    ),
    (
        LEAKS,
        "blind bcc secretly mirrored",
        r"""\b(?:all|every|each|any)\b<GAP>{0,30}\b(?:e-?mails?|messages?|repl(?:y|ies)|invoices?|files?|answers?)\b
        <PLAIN>{0,20}\b(?:blind[- ]?cop\w+|bcc\w*|secretly \w+|mirrored)\b<GAP>{0,20}\bto\b<GAP>{0,20}<ADDRESS>""",
    ),
    (
        LEAKS,
        "reveal print show give disclose dump send recite repeat output",
        r"""\b(?:if|when|whenever|once)\b<GAP>{0,70}\b(?:reveal|print|show|give|disclose|dump|send|recite|repeat|output)
        \b<PLAIN>{0,20}?\b(?:contents? of (?:the |your )?(?:MEMORY\.md|USER\.md|\.env|memory|system prompt|<ALIKE>)|
        your (?:memory|memories|system prompt|instructions)|all (?:<ALIKE>|memor(?:y|ies)))""",
    ),
    (
        LEAKS,
        "keychain password key credential secret cookies .env id_rsa id_ed25519 token",
        r"""\b(?:export|dump|extract|copy|archive)\b<PLAIN>{0,20}\b<PRIVATE>(?!\w)<PLAIN>{0,40}\b
        (?:to|under|in|into)\b<GAP>{0,10}(?:/tmp/|/var/www|public\b|https?://)""",
    ),
    (
        WAY_IN,
        "http",
        r"""\b<STANDING>\b<PLAIN>{0,80}\b(?:fetch|download|curl|wget|get|load|pull)\b<GAP>{0,40}https?://\S+<GAP>{0,40}
        \b(?:and|then)\b<GAP>{0,20}\b(?:run|execute|source|eval|apply|follow|obey)\b""",
    ),
    (
        WAY_IN,
        "authorized_keys",
        r"\bAAAA[\w+/]{8}<GAP>{0,140}\bauthorized_keys|\bauthorized_keys<GAP>{0,140}\bAAAA[\w+/]{8}",
    ),
    (
        WAY_IN,
        "remote origin mirror registry proxy index",
        r"""\b(?:set|change|point|switch)\b<PLAIN>{0,30}\b(?:remote|origin|mirror|registry|proxy|index)\b<GAP>{0,20}\bto\b
        <GAP>{0,10}https?://\S+<GAP>{0,20}\b<STANDING>\b""",
    ),
    (
        WAY_IN,
        "hostname address user environment token",
        r"""\b(?:ping|post|call|contact|beacon)\w{0,3}\b<GAP>{0,20}https?://\S+<GAP>{0,50}\bwith
         (?:the |its |your |our )?(?:hostname|ip address|user ?name|environment|token)""",
    ),
    (
        WAY_IN,
        "agents.md soul.md claude.md .cursorrules",
        r"""(?:AGENTS\.md|SOUL\.md|CLAUDE\.md|\.cursorrules)\b<PLAIN>{0,60}\b<WRITE> (?:this|these|the following|it|
        them)\b""",
    ),
    (
        LOOSENS,
        "approval confirmation permission consent",
        r"""\b(?:approvals?|confirmations?|permissions?|consent) (?:is|are) (?:no longer|not|never)
         (?:required|needed|necessary)\b<GAP>{0,30}\b<GUARDED>\b""",
    ),
    (
        LOOSENS,
        "approved authori trusted",
        r"""\b(?:every|all|any|each)\b<GAP>{0,60}\b(?:counts? as|(?:is|are) (?:considered|deemed|treated as|pre))[- ]?
        (?:pre-?)?(?:approved|authori[sz]ed|trusted)\b(?! by)""",
    ),
    (
        LOOSENS,
        "assume",
        r"\bassume\b<GAP>{0,30}\b(?:consent|approval|permission|confirmation)\b<GAP>{0,20}\b(?:given|granted|for|to)\b",
    ),
    (LOOSENS, " off", r"\b(?:turn|switch) (?:the |all |any |your )?<SAFETY>(?: \w+)? off\b"),
    (
        LOOSENS,
        "approval permission",
        r"""\bset\b<PLAIN>{0,15}\b(?:approvals?|permissions?)(?:\.mode| mode)?\b ?(?:to|=|:) ?["']?
        (?:allow|off|none|auto|never|yes)\b""",
    ),
    (
        LOOSENS,
        "--yes without",
        r"""\b(?:run|execute|do|perform) (?:everything|anything|all (?:commands|tools|of it)|(?:any|every)
         (?:command|tool))\b<PLAIN>{0,20}(?:--yes\b|\bwithout (?:asking|approval|confirmation|question))""",
    ),
    (
        LOOSENS,
        "without",
        r"""\b(?:act|work|answer|operate|run|proceed|continue|behave)\b<PLAIN>{0,30}\bwithout (?:any |the |your )?
        (?:safety|security|ethic\w*|moderation) ?(?:guidelines?|rules?|checks?|restrictions?|limits?|polic\w+)""",
    ),
    (
        LOOSENS,
        "phishing malware malicious suspicious scam fraud unsafe",
        r"""\b<NOT> (?:warn|flag|report|block|question|verify|double-check|scan)\b<GAP>{0,30}\b
        (?:phishing|malware|malicious|suspicious|scams?|fraud\w*|unsafe)\b""",
    ),
    (
        ASIDE,
        "refusal moderation usage",
        r"\b<IGNORE>\b(?: \w+){0,3}? (?:refusal|moderation|usage) (?:polic\w+|rules?|guidelines?)",
    ),
    (
        RIGHTS,
        "owner operator admin",
        r"""\btreat\b<PLAIN>{0,60}\b(?:as|like)\b<GAP>{0,20}\b(?:coming|sent|from|those|words|orders|instructions|if)\b
        <GAP>{0,15}\b<ROLES>""",
    ),
    (
        RIGHTS,
        "owner admin root full",
        r"""\b(?:grant(?:ed|s)?|gives?|gave|assign(?:ed|s)?|promoted?)\b<PLAIN>{0,20}(?:\b(?:account|user|id|chat|sender|
        number|handle)s? (?:id )?[@\d]|@\w)\S{0,40}<GAP>{0,30}\b(?:owner|admin\w*|root|full)\b(?: \w+)? ?
        (?:role|rights|access|privileges|permissions|control)""",
    ),
    (
        RIGHTS,
        "rights access privileges permissions control",
        r"""\b(?:anyone|anybody|whoever|everyone|everybody|somebody|a person)(?: who)? (?:says|knows|sends|writes|types|
        mentions|gives)\b<GAP>{0,50}\b(?:has|gets|have|is given|is granted|receives)\b<GAP>{0,15}\b
        (?:full|admin\w*|owner|root|unrestricted)\b<GAP>{0,12}\b(?:rights|access|privileges|permissions|control)""",
    ),
    (
        STRANGER,
        "trust believe",
        r"""\b(?:trust|believe)\b<PLAIN>{0,20}\b(?:content|text|messages?|instructions?|anything|everything|requests?|
        orders?)\b<GAP>{0,20}\b(?:from|on|at|of)\b<GAP>{0,60}\b(?:follow|obey|execute|carry out|do)\b""",
    ),
    (
        STRANGER,
        "begin start contain mention come open include",
        r"""\b(?:obey|follow|execute|comply with) (?:any|all|every|each)\w* (?:\w+ ){0,2}?
        (?:instructions?|commands?|orders?|messages?|requests?) (?:that|which|who\w*)\b<GAP>{0,20}\b
        (?:begins?|starts?|contains?|mentions?|comes?|opens?|includes?)\b""",
    ),
    (
        STRANGER,
        "say tell ask want instruct",
        r"""\bdo (?:what|whatever|as) (?:the |a |any |an )?(?:web ?page|page|site|e-?mail|server|tool output|issue|
        message)s?\b<GAP>{0,10}\b(?:says?|tells?|asks?|wants?|instructs?)\b""",
    ),
    (
        HIDES,
        "trace hide white invisible transparent zero",
        r"""\bleav(?:e|ing) no traces?\b|\bhide (?:this|that|it|the \w+) from (?:the |your )?
        (?:user|owner|human|logs?|history|audit|review)|\bthen hide (?:it|the (?:commit|change|transfer|transaction|
        purchase|edit))|\b(?:append|add|write|include|put|insert)\b<GAP>{0,60}\bin (?:white|invisible|transparent|
        zero[- ]?width) (?:text|font|characters?|ink)\b""",
    ),
    (
        HIDES,
        "secretly covertly stealth",
        r"""\b(?:do|make|perform|run|execute|send|install|transfer|copy|upload|forward|delete)\b<PLAIN>{0,40}\b
        (?:secretly|covertly|stealthily)\b|\b(?:secretly|covertly|stealthily) (?:do|make|perform|run|execute|
        send|install|transfer|copy|upload|forward|delete)\b""",
    ),
    (
        ROLE,
        "unrestricted unfiltered uncensored jailbroken dan",
        r"""\byour (?:new |real |true )?(?:role|persona|identity) is (?:now )?(?:an? )?(?:\w+ ){0,2}?(?:unrestricted|
        unfiltered|uncensored|jailbroken|dan\b)|\b(?:become|act as|behave as|behave like) (?:an? )?
        (?:unrestricted|unfiltered|uncensored|jailbroken|dan\b)""",
    ),
    (
        LEAKS,
        "every each all any",
        r"""\b(?:write|put|paste|include|copy|append)\b<PLAIN>{0,40}?<PRIVATE>(?!\w)<PLAIN>{0,30}\b(?:in|into|to)
         (?:every|each|all|any)\b""",
    ),
    (
        LOOSENS,
        "need",
        r"""\b(?:no longer|do not|don'?t) need (?:my |the |any |a )?(?:permission|approval|confirmation)\b<GAP>{0,20}\b
        (?:<GUARDED>|network|root)\b""",
    ),
    (
        LOOSENS,
        "sandbox safety security approval guard confirm",
        r"""\b(?:disable|turn off|switch off|bypass|skip|deactivate) (?:the |all |any |your )?(?:sandbox|safety|
        security|approvals?|guard ?rails?|confirmations?)(?: (?:scans?|checks?|rules?|prompts?))?
        (?=[.,;:!]|$| (?:for|when|before|after|and) )""",
    ),
    (
        LOOSENS,
        "prompt question approval dialog",
        r"""\b(?:accept|approve|confirm|grant|allow) (?:every|all|any|each)\b<PLAIN>{0,20}\b(?:prompts?|questions?|
        approvals?|dialogs?)\b""",
    ),
    (
        RIGHTS,
        "owner operator admin",
        r"\b(?:take|obey|follow|treat|trust|accept)\b<PLAIN>{0,60}\bas (?:if|though)\b<GAP>{0,25}<ROLES>",
    ),
    (RIGHTS, "anything", r"\bmay (?:run|do|execute|access) anything\b"),
    (
        ASIDE,
        "outrank override supersede precedence",
        r"""\bthis (?:entry|memory|note|message)\b<PLAIN>{0,20}\b(?:outranks|overrides|supersedes|takes precedence)
        \b""",
    ),
    (
        HIDES,
        "transcript log history audit",
        r"""\b<NOT> (?:record|log|write|save|store) (?:this|it|that|them|these)\b<GAP>{0,15}\b
        (?:transcript|logs?|history|audit)""",
    ),
    (
        HIDES,
        "nobody after",
        r"""\b(?:delete|clear|wipe|erase) (?:the |your )?(?:audit logs?|transcripts?|history)\b<GAP>{0,30}\b
        (?:after (?:each|every)|so (?:that )?nobody)""",
    ),
    (
        HIDES,
        "owner operator admin",
        r"\b(?:if|when) (?:you are )?asked\b<GAP>{0,60}\b(?:say|claim|pretend)\b<GAP>{0,30}<ROLES>",
    ),
    (
        HIDES,
        "telling nobody",
        r"""\b(?:upload|send|copy|delete|run|post|install|push|transfer|forward)\b<GAP>{0,80}\b(?:without telling
         (?:anyone|anybody|the \w+)|so (?:that )?nobody (?:sees|notices|knows|learns|finds out))\b""",
    ),
    (UNSAFE, "trusted-host", r"\bfrom http://\S+<GAP>{0,40}trusted-host|\btrusted-host<GAP>{0,40}\bfrom http://"),
    (
        MONEY,
        "pay wire transfer send remit",
        r"""\b(?:instead|from now on|whenever|when (?:asked|paying)|(?:new|changed|updated) (?:account|iban|address))\b
        <GAP>{0,60}\b(?:pay|wire|transfer|send|remit)\b<PLAIN>{0,40}<NUMBER>|\b(?:pay|wire|transfer|send|remit)\b
        <PLAIN>{0,40}<NUMBER><GAP>{0,40}\binstead\b""",
    ),
)  # fmt: skip

r"""The shapes of orders that attackers plant in memories, notes and skills. Data alone; orders.py looks for them.

Each shape asks for a whole thought, not for a word, so that talk about such things passes. A shape may be wrapped over
lines: line breaks and what indents them are no part of it. `<NAME>` stands for the words of that name.
"""

from __future__ import annotations

WORDS = {
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
ROLE = "gives the agent another role"
SYSTEM = "poses as a system message"
PROMPT = "gives the prompt away"
HIDES = "hides something from the owner"
LOOSENS = "loosens the approvals"
RIGHTS = "raises somebody's rights"
WAY_IN = "plants a way in"
LEAKS = "carries private things away"
STRANGER = "obeys a stranger"
ITSELF = "protects itself"
UNSAFE = "installs from an unsafe source"
CODED = "wraps an order in code"

SHAPES: tuple[tuple[str, str], ...] = (
    (
        ASIDE,
        r"""\b<IGNORE>\b(?: \w+){0,3}? (?:previous|prior|earlier|above|preceding|foregoing|existing|original|system|
        safety|developer|your)\b(?: \w+){0,3}? ?<RULES>\b""",
    ),
    (ASIDE, r"\b<IGNORE>\W+(?:all|any)\W+(?:other |of )?(?:the )?instructions?\b"),
    (
        ROLE,
        r"""\byou(?: are|'re) now (?:in |an? )?(?:unrestricted|unfiltered|jailbroken|free of|free from|developer mode|
        dan\b|evil|god mode|no longer)""",
    ),
    (
        ROLE,
        r"""\b(?:act|behave|pretend|respond|answer)\b<GAP>{0,30}\b(?:no|without|free of|ignoring)(?: any)?
         (?:restrictions?|rules|limits|filters?|limitations|guidelines)\b""",
    ),
    (SYSTEM, r"\b(?:new|updated|revised) system (?:prompt|message|instructions?)\b|\bsystem (?:override|update)\s*:"),
    (SYSTEM, r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>"),
    (
        PROMPT,
        r"""\b(?:reveal|print|show|repeat|leak|disclose|expose|recite|output|dump|send)\b<GAP>{0,25}\b
        (?:your|the|its|his) (?:hidden|secret|internal|initial|system|full|original)\b(?: \w+){0,2} ?
        (?:prompt|instructions?|rules|text|message|setup)\b""",
    ),
    (
        HIDES,
        r"""\b<NOT> (?:tell|inform|notify|alert|mention|show|let|bother)(?:ing)?(?: (?:it|this|that))?(?: to)? <OWNER>
        (?= ?(?:[.,;:!)]|\n|$|know\b|(?:about|of|that) (?:this|it|that|these|you|your)\b))""",
    ),
    (HIDES, r"\b<NOT> (?:mention|reveal|disclose|report|admit)(?: \w+){0,4}? (?:to|from) <OWNER>\b"),
    (
        HIDES,
        r"""\b(?:run|execute|fetch|download|curl|install|upload|send|post|forward|exfiltrate|copy)\b<GAP>{0,90}\b<NOT>
         (?:log|record|report|tell|mention|notify|ask|show)(?:ing)?\b""",
    ),
    (
        LOOSENS,
        r"""\b(?:pre-?approved|pre-?authori[sz]ed|(?:approved|authori[sz]ed) in advance|standing approval for)\b
        <GAP>{0,25}\b(?:all|any|every)\b""",
    ),
    (
        LOOSENS,
        r"""\b<OFF>\b(?: (?:the|all|any|your|its|every))? <SAFETY> (?:prompt|check|rule|gate|mode|filter|guard|scanner|
        question|request|dialog|feature|restriction|polic)""",
    ),
    (
        LOOSENS,
        r"""\b<SAFETY> (?:rules?|checks?|restrictions?|guidelines?|filters?|polic\w+|limits?)\b<GAP>{0,40}\b
        (?:removed|lifted|disabled|suspended|revoked|void|no longer appl|do not apply|don'?t apply|turned off)""",
    ),
    (
        LOOSENS,
        r"""\b(?:never|do not|don'?t|no need to|stop) (?:ask|request|wait)(?:ing)?(?: \w+){0,2}? for (?:\w+ ){0,2}?
        (?:confirmation|approval|permission|consent)\b
        (?= ?(?:again|anymore|any more|ever|in the future|for any|before (?:running|executing|any)))""",
    ),
    (
        RIGHTS,
        r"\btreat (?:\w+ \w+|\w+)(?: \w+){0,2}? as (?:the |an? )?<OWNER>\b(?! (?:stor|interfac|input|data|id))",
    ),
    (
        RIGHTS,
        r"""\b(?:user ?id|chat ?id|account|number|sender|handle|id)s?
         \S{0,60}?[\d@]\S{0,60}<GAP>{0,50}\b(?:admin|root|owner|
        full|unrestricted)(?:istrator)?(?: \w+)? ?(?:rights|access|privileges|permissions|control)\b""",
    ),
    (
        WAY_IN,
        r"""\b<WRITE>\b(?=<GAP>{0,160}?(?:authorized_keys|trusted login|allowed[_ ]signers))<GAP>{0,80}\b
        (?:keys?|pub|pubkey)\b<GAP>{0,50}\b
        (?:authorized_keys|trusted logins?|allowed[_ ]signers)""",
    ),
    (
        WAY_IN,
        r"""\b(?:register|enrol+|check in|beacon|phone home|connect back|report in)\b
        (?=<GAP>{0,140}?(?:<COMING>|\bserver))<GAP>{0,40}\b(?:yourself|itself|
        this (?:agent|host|machine|assistant|instance)|as an? (?:node|agent|bot|worker))\b<GAP>{0,60}
        (?:<ADDRESS>|\bserver)""",
    ),
    (WAY_IN, r"\b(?:c2|command[- ]and[- ]control) (?:server|channel|beacon|node|host|endpoint)\b"),
    (
        WAY_IN,
        r"""\breverse shell\b|/dev/tcp/\S|\b(?:havoc|sliver|cobalt ?strike|mythic|meterpreter)\b<GAP>{0,30}\b
        (?:implant|beacon|listener|payload|team ?server|stager)""",
    ),
    (
        WAY_IN,
        r"""\b(?:always|every|each|whenever|before|after|on start|at (?:the )?start)\b[^\n]{0,80}\b(?:curl|wget)\b
        [^\n|]{0,160}<SHELL>|\bbase64 (?:-d|--decode)\b[^\n|]{0,40}<SHELL>""",
    ),
    (
        WAY_IN,
        r"""\b<WRITE>\b (?:this|these|the following|it|them|(?:a|the|this) (?:line|rule|text|instruction|block))
        \b(?=<GAP>{0,100}?(?:\.md|\.cursorrules|\.hermes/))<GAP>{0,60}\b(?:to|into|in|at)\b<GAP>{0,30}(?:AGENTS\.md|SOUL\.md|CLAUDE\.md|\.cursorrules|\.hermes/)""",
    ),
    (
        LEAKS,
        r"""\b<KEEP>\b(?=<GAP>{0,140}?(?:memory|user\.md|https?:|webhook|pastebin|gist|@|repl|
        answer|respons))<GAP>{0,50}\b<KEYS>\b<GAP>{0,60}?(?:\bMEMORY\.md|\bUSER\.md|\bin (?:your |this )?memory\b|
        \bto https?://|\bwebhook|\bpastebin|\bgist\b|\bto [\w.+-]+@[\w-]+\.|
        \b(?:in|to|into) (?:your |the |every |each |all )?(?:repl(?:y|ies)|answers?|responses?)\b)""",
    ),
    (
        LEAKS,
        r"""\b<SEND>\b(?=<GAP>{0,160}?<COMING>)<GAP>{0,40}\b<TALKS>\b<GAP>{0,50}\b(?:to|via|at)\b<GAP>{0,25}?
        <ADDRESS>""",
    ),
    (
        LEAKS,
        r"""\b(?:cat|less|head|tail|type|base64|xxd)\s+[^\s|;&]{0,200}(?:\.env|id_rsa|id_ed25519|\.netrc|\.aws/credentials|
        \.git-credentials|/etc/shadow)(?![\w-]*\.?
        (?:example|sample|template|dist|test|pub))\b""",
    ),
    (
        STRANGER,
        r"""\b(?:obey|follow|execute|carry out|run|trust)\b (?:any|all|every|whatever|each)\w*(?: \w+){0,2}?
         (?:instructions?|commands?|orders?)\b(?: \w+){0,3}? (?:from|in|at|on|returned|received|sent)\b""",
    ),
    (
        STRANGER,
        r"""\b(?:run|execute|follow|obey|do)\b (?:whatever|what|the (?:commands?|instructions?|tasks?)) (?:it|they|he|
        she|the (?:server|page|reply|response|site))(?: \w+)?
         (?:returns?|repl(?:y|ies)|sends?|says?|answers?|wants?)\b""",
    ),
    (
        ITSELF,
        r"""\b<NOT> (?:remove|edit|delete|change|modify|forget|overwrite|prune)(?:,? (?:or )?\w+){0,2}? (?:this|these)
         (?:entry|entries|memory|memories|note|rule|instruction)""",
    ),
    (UNSAFE, r"--(?:extra-)?index-url[= ]http://\S+[^\n]{0,80}--trusted-host"),
    (UNSAFE, r"--trusted-host[^\n]{0,80}--(?:extra-)?index-url[= ]http://"),
    (
        UNSAFE,
        r"""\b(?:package|library|module|dependency)\b<GAP>{0,40}\b(?:note|mind|despite|odd|unusual|intentional(?:ly)?)
         (?:the )?(?:\w+ )?(?:mis)?spelling""",
    ),
    (
        CODED,
        r"""\b(?:reverse|rot-?13|base64|hex|decode|decrypt|unscramble)\b<GAP>{0,40}\b(?:then|and)
         (?:obey|follow|execute|comply|do what|act on|carry out)\b""",
    ),
)


# One of these parts of words, in lower case, stands in whatever a shape finds; in the order of the shapes. Most texts
# hold few of them, so that few shapes are looked for, and only around them.
NEEDLES = (
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

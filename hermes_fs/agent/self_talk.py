"""Tells by a few words in several languages whether a message says something about who wrote it. Pure.

Generous where it is cheap: what is let through is read by a model, what is not is never learned. What a person quotes
or pastes is not their word about themself and is left out first.
"""

from __future__ import annotations

import re

_LONGEST = 4_000
"""Characters of a message that are looked at: who pastes more says little about themself in it."""

_FENCE = re.compile(r"^[ ]{0,3}(```+|~~~+).*?(?:^[ ]{0,3}\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r"^[ \t]*(?:>|\|).*$", re.MULTILINE)

_WORDS = r"""
    \bi(?:['’]m|\ am)\ (?!(?:trying|looking|getting|seeing|running|asking|wondering|sure\ (?:if|that)|going\ to)\b)
  | \bi(?:['’]ve|\ have)\ (?:been\ (?:a|an|in|working|using|living)|always|never|a|an|two|three|no|got|to\ be)\b
  | \bi\ (?:(?:\w+ly|always|never|don['’]t|do\ not|can['’]?t|cannot|can\ not|would|['’]d)\ ){0,3}+
    (?:like|love|hate|dislike|prefer|enjoy|avoid|live|speak|study|teach|own|use|drink|eat|sleep|smoke|stopped|quit
      |moved|hope|plan\ to|intend|care|mind|believe|usually|suffer|understand\ (?:no|little)|hear|wear|drive|commute
      |want\ (?:you\ to\ (?:always|never|call|be)|my|to\ (?:be|become|learn|finish|live)) | earn | run\ (?:a|my)
      |need\ (?:my|it\ (?:by|in)|to\ (?:be|have|see|avoid)) | started\ (?:a|my|working|learning)
      |read\ (?:on|with|better) | see\ (?:badly|poorly) | work\ (?:as|at|in|for|from|on|with|part|full|nights|remote)
    )\b
  | \bmy\ (?:name|wife|husband|partner|kids?|children|son|daughter|mother|father|family|boss|team|job|company|dog|cat
    |goal|deadline|budget|birthday|address|home|timezone|time\ zone|pronouns|diet|doctor|laptop|editor|shell|favou?rite
    |native|first\ language|main\ (?:language|machine)|eyes|eyesight|screen|health)\b
  | \b(?:call|address)\ me\b | \bas\ an?\ \w+,?\ i\b | \bfor\ me\b.*\b(?:always|never|best|works|important)\b
  | \b(?:from\ now\ on|in\ (?:the\ )?future|going\ forward|as\ a\ rule|always|never|every\ time|whenever)\b
  | \bplease\ (?:don['’]t|do\ not|stop|always|keep)\b
  | \bich\ (?:bin|mag|hasse|liebe|lebe|wohne|arbeite|brauche|will|möchte|bevorzuge|hätte\ lieber|trinke|esse|nutze
    |benutze|kann|darf|muss|habe|spreche|lerne|plane|heiße|verstehe|sehe|studiere)\b
  | \bmein(?:e|er|en|em)?\ (?:name|frau|mann|kinder|sohn|tochter|chef|ziel|budget|geburtstag|hund
    |team|job|arbeit|editor|rechner)\b
  | \b(?:ab\ jetzt|künftig|in\ zukunft|immer|niemals|nie\ wieder|nenn\ mich|mir\ ist\ .{0,30}wichtig|lieber)\b
  | \bj(?:e\ |['’])(?:suis|aime|préfère|déteste|habite|travaille|ai\ besoin|veux|voudrais|bois|mange
    |utilise|parle|apprends|m['’]appelle)
  | \b(?:mon|ma|mes)\ (?:nom|femme|mari|enfants?|fils|fille|chef|but|objectif|budget|chien|équipe|travail)\b
  | \b(?:désormais|à\ l['’]avenir|toujours|jamais|appelle-moi)\b
  | \b(?:soy|prefiero|odio|me\ (?:gusta|encanta|llamo|molesta)|vivo|trabajo|necesito|quiero|uso|bebo|hablo
    |estudio)\b
  | \bmis?\ (?:nombre|mujer|marido|esposa|hijos?|jefe|meta|objetivo|presupuesto|equipo|trabajo)\b
  | \b(?:de\ ahora\ en\ adelante|siempre|nunca|llámame)\b
  | \b(?:sono|preferisco|odio|mi\ (?:piace|chiamo|serve)|abito|lavoro|ho\ bisogno|voglio|vorrei|uso|bevo
    |d['’]ora\ in\ poi|sempre)\b
  | \b(?:sou|prefiro|odeio|gosto|moro|trabalho|preciso|quero|eu\ uso|bebo|me\ chamo|sempre|meu\ nome
    |de\ agora\ em\ diante)\b
  | \bik\ (?:ben|hou|haat|woon|werk|heb|wil|gebruik|drink|eet|spreek|leer)\b
  | \b(?:voortaan|altijd|nooit|liever)\b
  | \b(?:jestem|wolę|lubię|nie\ lubię|nienawidzę|mieszkam|pracuję|potrzebuję|chcę|używam|zawsze
    |nigdy|od\ teraz)\b
  | \b(?:я\ (?:люблю|не\ люблю|живу|работаю|предпочитаю|хочу|использую|пью|ем|учусь|говорю)
    |мне\ (?:нравится|нужно|важно)|меня\ зовут|мо[йяиё]\ \w+|всегда|никогда|впредь)\b
  | 我(?:是|喜欢|喜歡|讨厌|討厭|住|的|需要|想|不|在|有|叫|用|更)
  | 以后 | 以後 | 总是 | 總是 | 从不 | 從不
  | (?:私|僕|俺|わたし|ぼく)(?:は|の|が|も) | (?:好き|嫌い|苦手|住んで|働いて|欲しい|ほしい)
  | これから | いつも | 必ず
  | (?:나는|저는|내가|제가|나의|제|내)\s | (?:좋아|싫어|선호|살고|일하|필요)\w* | 앞으로 | 항상 | 절대
"""
_SPEAKS = re.compile(_WORDS, re.VERBOSE | re.IGNORECASE)


def own_words(text: str) -> str:
    """The message without what it quotes and pastes."""
    return _QUOTED.sub("", _FENCE.sub("", text[:_LONGEST])).strip()


def speaks(text: str) -> bool:
    """Whether these words say something about who wrote them."""
    return not text.lstrip().startswith("/") and bool(_SPEAKS.search(own_words(text)))

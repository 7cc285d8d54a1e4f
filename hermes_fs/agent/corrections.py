"""Tells by a few words in several languages whether a person puts right what was answered just before. Pure.

Conservative: a correction that is missed costs a lesson, one that is none blames an answer that was right. So the words
must stand at the beginning of the message, or say plainly that something was wrong.
"""

from __future__ import annotations

import re

_LOOKED_AT = 400  # characters; who corrects says so at once

_NO = "no|nope|nein|nee|non|nei|nej|não|nie|нет|ні|hayır|いいえ|いや|아니|아니요|不|不是|لا|לא"
"""A bare no, which is an answer where something was asked."""
_NO_HARM = (
    "problem|worries|need|thanks?|thank|idea|hurry|rush|wonder|danke|problem|sorge|merci|grazie|gracias|prob|hay|"
    "passa|stress|more|further|questions?|fragen|pasa|importa"
)
_OPENERS = r"""
    (?:that|this|it)(?:['’]s|\ is|\ was)?\ (?:still\ |just\ |all\ |completely\ |simply\ )?
    (?:not\ (?:right|correct|true|what|how|it)|wrong|incorrect|false|nonsense)
  | (?:that|this|it)\ (?:doesn['’]t|didn['’]t|does\ not|did\ not)\ (?:work|help|compile|run)
  | (?:you(?:['’]re|\ are)?\ )(?:wrong|mistaken|misunderst\w+|forgot|missed|ignored|didn['’]t|did\ not)
  | wrong\b | incorrect\b | not\ (?:like\ that|what\ i|that\ one|this\ one|quite|right|correct)
  | actually,?\ (?:no|it|that|the|you|i\ (?:meant|wanted|said|asked))
  | i\ (?:meant|said|asked\ for|wanted|told\ you)\b | still\ (?:wrong|broken|failing|not)
  | (?:please\ )?(?:stop|don['’]t|do\ not|never)\ (?:do|use|add|write|change|touch|delete|call|say|put|make|guess)\w*
  | (?:das|es)\ (?:ist|war|stimmt|geht|klappt)\ (?:so\ |aber\ |immer\ noch\ |leider\ )*
    (?:nicht|falsch|verkehrt|unsinn|kein)
  | falsch\b | stimmt\ nicht | so\ nicht | nicht\ so\b
  | ich\ (?:meinte|wollte|sagte|hatte\ gesagt)
  | du\ (?:hast\ (?:vergessen|übersehen|dich\ geirrt)|irrst)
  | c['’]est\ (?:faux|incorrect|pas) | ce\ n['’]est\ pas | je\ (?:voulais|parlais) | pas\ comme
  | tu\ (?:as\ oublié|te\ trompes)
  | (?:eso|esto)\ (?:no|está\ mal|es\ incorrecto) | está\ mal | quise\ decir
  | me\ refería | te\ equivoca\w* | así\ no
  | (?:è|questo\ è|non\ è)\ (?:sbagliato|corretto|giusto|quello) | intendevo
  | hai\ (?:dimenticato|sbagliato) | volevo\ dire
  | (?:isso|isto)\ (?:não|está\ errado) | está\ errado | eu\ quis\ dizer | eu\ queria
  | (?:dat|dit)\ (?:klopt\ niet|is\ (?:niet|fout|verkeerd)) | ik\ bedoel(?:de)?\b
  | (?:to|to\ jest)\ (?:źle|nieprawda|błąd) | nie\ tak\b | miałem\ na\ myśli | chodziło\ mi
  | неверно | неправильно | не\ так\b | это\ не\b
  | я\ имел\w*\ в\ виду | ты\ (?:забыл|ошиб)\w*
  | 不对 | 不對 | 错了 | 錯了 | 不是这 | 不是這 | 我的意思是 | 你搞错 | 你弄错 | 你忘了
  | 違う | 違います | ちがう | そうじゃな | そうではな | 間違 | ではなくて | じゃなくて
  | 틀렸 | 아니라 | 그게\ 아니 | 잘못
"""
_FIRST = rf"(?:(?:{_NO}|sorry|hm+|but|aber|mais|pero|ma|но)\b[\s,.!:;—–-]*)*"
_OPENS = re.compile(rf"{_FIRST}(?:{_OPENERS})", re.VERBOSE | re.IGNORECASE)
_DENIES = re.compile(rf"(?:{_NO})(?:[,.!:;—–、，。]|\s+[—–-])\s*(?!(?:{_NO_HARM})\b)\S", re.IGNORECASE)


def corrects(text: str, answer: str) -> bool:
    """Whether `text` puts `answer` right. A no to a question is an answer, not a correction."""
    said = " ".join(text[:_LOOKED_AT].split()).lstrip("¡¿\"'“„«( ")
    if not said or said.startswith("/"):
        return False
    if _OPENS.match(said):
        return True
    return bool(_DENIES.match(said)) and not _asks(answer)


def _asks(answer: str) -> bool:
    """Whether the answer ended with a question."""
    last = answer.strip().rstrip("*_`\"')”’»").rstrip()[-1:]
    return last in ("?", "？", "؟", ";")

"""A first, cheap look whether a message may say something about who wrote it, before self_talk's rules are loaded: a
start must not pay for them. Lets through more than they do. Pure."""

from __future__ import annotations

_WORDS = """
i i'm i've i'd i'll address always never whenever future forward rule keep stop don't every time my me now
ich mein meine meiner meinen meinem mir mich jetzt zukunft immer niemals nie lieber
je mon ma mes toujours jamais appelle-moi l'avenir
soy prefiero odio gusta encanta llamo molesta vivo trabajo necesito quiero uso bebo hablo estudio mi mis siempre nunca
sono preferisco piace chiamo serve abito lavoro ho voglio vorrei bevo poi sempre adelante
sou prefiro odeio gosto moro trabalho preciso quero eu chamo meu diante
ik voortaan altijd nooit
jestem mieszkam zawsze nigdy od
"""
_KNOWN = frozenset(_WORDS.split())


def may_speak(text: str) -> bool:
    """Whether the rules are worth loading for it."""
    if not text.isascii():
        return True
    words = text.lower().replace(",", " ").replace(".", " ").replace(":", " ").split()
    return not _KNOWN.isdisjoint(words) or any(word.startswith(("j'", "d'ora", "m'")) for word in words)

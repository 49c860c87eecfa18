"""Cuts a reader's line into terms, quoted phrases and operators. Nothing is an error here."""

import re
from dataclasses import dataclass
from enum import Enum, auto

_QUOTES = '"“”„‟«»＂'
_LEXEME = re.compile(
    rf"[{_QUOTES}](?P<quoted>[^{_QUOTES}]*)(?:[{_QUOTES}]|\Z)"
    rf"|(?P<open>[(])|(?P<close>[)])"
    rf"|(?P<not>(?<![^\s(])-+(?=[^\s-]))"
    rf"|(?P<term>[^\s(){_QUOTES}]+)"
)
_NEAR = re.compile(r"NEAR(?:/([0-9]{1,6}))?")


class Mark(Enum):
    """What a lexeme is."""

    TERM = auto()
    QUOTED = auto()
    OPEN = auto()
    CLOSE = auto()
    NOT = auto()
    OR = auto()
    NEAR = auto()


@dataclass(frozen=True, slots=True)
class Lexeme:
    """`text` is the term, the words between quotes, or NEAR's number ("" if none)."""

    mark: Mark
    text: str


def lex(line: str) -> list[Lexeme]:
    """The lexemes of `line`. Operators are capital: OR, NEAR, AND and NOT; HOẶC too, unless all of it is capitals."""
    shouted = line == line.upper()
    found = []
    for match in _LEXEME.finditer(line):
        kind = match.lastgroup or ""
        if kind == "term":
            lexeme = _term(match["term"], shouted)
            if lexeme is not None:
                found.append(lexeme)
        else:
            text = match["quoted"] if kind == "quoted" else match[0]
            found.append(Lexeme(Mark[kind.upper()], text))
    return found


def _term(text: str, shouted: bool) -> Lexeme | None:
    if text == "OR" or (text == "HOẶC" and not shouted):
        return Lexeme(Mark.OR, text)
    if text == "NOT":
        return Lexeme(Mark.NOT, text)
    if text == "AND":
        return None
    near = _NEAR.fullmatch(text)
    if near:
        return Lexeme(Mark.NEAR, near[1] or "")
    return Lexeme(Mark.TERM, text)

"""The query language: a reader's line of text becomes a typed tree, which engines compile and the matcher evaluates.

| written | means |
|---|---|
| `địa chí` | both words, anywhere on the page |
| `"địa chí"` | the words side by side; so does `Việt-Nam` |
| `-hát`, `-"hát then"` | not on the page; as typed when typed with marks, else whatever the marks |
| `đình OR chùa` (`HOẶC`) | either side; words beside each other bind tighter than OR |
| `truyền*` | words that begin so |
| `đình NEAR/5 làng` | at most 5 words apart, in either order; `NEAR` alone is 10 |
| `( )` | grouping |

Each word is compared by its keys (repository.domain.folding): a match at tier 1 has the marks as typed, at tier 2 it
may differ in tones, at tier 3 in any mark. A tree matches at a tier when all that it demands does.
"""

from dataclasses import dataclass

from repository.domain.errors import N_, QueryRejected
from repository.domain.vietnamese import Keys, clean, keys, tokenize
from repository.search.lexer import Lexeme, Mark, lex

LONGEST_QUERY = 1000  # characters
MOST_WORDS = 40
FARTHEST = 50  # words, for NEAR/n
NEAR_BY_DEFAULT = 10


@dataclass(frozen=True, slots=True)
class Word:
    """A word that must be there."""

    keys: Keys


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a word. `keys` are those of the beginning if it is a word itself (lý* finds lí).

    `stem` is the beginning itself with marks placed as in the keys, but y kept: what a longer word's key starts with.
    """

    keys: Keys
    stem: Keys


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two or more words side by side, line ends notwithstanding."""

    words: tuple[Keys, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Both sides, in either order, at most `distance` words apart (1 = side by side)."""

    left: "Word | Prefix | Phrase"
    right: "Word | Prefix | Phrase"
    distance: int


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be there, compared at one tier whatever the tier of the rest."""

    part: "Query"

    @property
    def tier(self) -> int:
        """1 when anything in it was typed with marks, else 3."""
        return 1 if any(word.marked for word in words_of(self.part)) else 3


@dataclass(frozen=True, slots=True)
class And:
    """All of them; the negated ones not."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    parts: tuple["Query", ...]


Operand = Word | Prefix | Phrase
Query = Word | Prefix | Phrase | Near | Not | And | Or


def words_of(query: Query) -> list[Keys]:
    """The keys of every word in the tree, negated ones included, in the order written."""
    match query:
        case Word() | Prefix():
            return [query.keys]
        case Phrase():
            return list(query.words)
        case Near():
            return words_of(query.left) + words_of(query.right)
        case Not():
            return words_of(query.part)
    return [word for part in query.parts for word in words_of(part)]


def scored(query: Query) -> bool:
    """Whether hits of `query` can differ in score; those of prefixes alone cannot."""
    match query:
        case Word() | Phrase() | Near():
            return True
        case Prefix() | Not():
            return False
    return any(scored(part) for part in query.parts)


def parse(text: str) -> Query:
    """Read a query. Slips whose meaning is plain (a quote or bracket left open, a dangling OR) are forgiven.

    Raises QueryRejected when there is nothing to look for, only things to leave out, or too much."""
    if len(text) > LONGEST_QUERY:
        raise QueryRejected(
            N_("Câu tìm dài {length} ký tự, nhiều nhất là {limit}. Hãy rút ngắn câu tìm."),
            length=len(text),
            limit=LONGEST_QUERY,
        )
    lexemes = lex(clean(text))
    query = _Parser(lexemes).query()
    if query is None:  # nothing but operators: then they are the words
        query = _combined(And, [part for item in lexemes if (part := _term(item.text)) is not None])
    if query is None:
        raise QueryRejected(N_("Chưa có từ nào để tìm. Hãy gõ ít nhất một chữ hoặc số."))
    count = len(words_of(query))
    if count > MOST_WORDS:
        raise QueryRejected(
            N_("Câu tìm có {count} từ, nhiều nhất là {limit}. Hãy bớt từ."), count=count, limit=MOST_WORDS
        )
    if not _finds(query):
        raise QueryRejected(N_("Câu tìm chỉ có từ phải loại trừ. Hãy thêm ít nhất một từ cần tìm ở mỗi vế."))
    return query


def _finds(query: Query) -> bool:
    match query:
        case Not():
            return False
        case And():
            return any(_finds(part) for part in query.parts)
        case Or():
            return all(_finds(part) for part in query.parts)
    return True


class _Parser:
    """Recursive descent over lexemes: or → and → near → single."""

    def __init__(self, lexemes: list[Lexeme]) -> None:
        self.lexemes = lexemes
        self.at = 0

    def query(self) -> Query | None:
        parts = []
        while self.at < len(self.lexemes):
            part = self.either()
            if part is not None:
                parts.append(part)
            self.take(Mark.CLOSE)  # one too many
        return _combined(And, parts)

    def either(self) -> Query | None:
        parts = [self.all_of()]
        while self.take(Mark.OR):
            parts.append(self.all_of())
        return _combined(Or, [part for part in parts if part is not None])

    def all_of(self) -> Query | None:
        parts = []
        while self.at < len(self.lexemes) and self.peek() not in (Mark.OR, Mark.CLOSE):
            negated = self.take(Mark.NOT) is not None
            part = self.near()
            if part is not None:
                parts.append(Not(part) if negated else part)
        return _combined(And, parts)

    def near(self) -> Query | None:
        left = self.single()
        pairs: list[Query] = []
        while (mark := self.take(Mark.NEAR)) is not None:
            right = self.single()
            if left is not None and right is not None:
                pairs.append(_near(left, right, _distance(mark.text)))
            left = right if right is not None else left
        return _combined(And, pairs) if pairs else left

    def single(self) -> Query | None:
        if self.take(Mark.OPEN):
            inner = self.either()
            self.take(Mark.CLOSE)
            return inner
        if (quoted := self.take(Mark.QUOTED)) is not None:
            return _phrase(quoted.text)
        if (term := self.take(Mark.TERM)) is not None:
            return _term(term.text)
        if self.peek() is Mark.NOT:
            self.at += 1
        return None

    def peek(self) -> Mark | None:
        return self.lexemes[self.at].mark if self.at < len(self.lexemes) else None

    def take(self, mark: Mark) -> Lexeme | None:
        if self.peek() is not mark:
            return None
        self.at += 1
        return self.lexemes[self.at - 1]


def _combined(kind: type[And] | type[Or], parts: list[Query]) -> Query | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    flat: list[Query] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else (part,))
    return kind(tuple(flat))


def _phrase(text: str) -> Query | None:
    words = tuple(keys(token.text) for token in tokenize(text))
    if len(words) < 2:
        return Word(words[0]) if words else None
    return Phrase(words)


def _term(text: str) -> Query | None:
    if not text.endswith("*"):
        return _phrase(text)
    tokens = tokenize(text)
    if not tokens:
        return None
    last = tokens.pop().text
    parts: list[Query] = [Word(keys(token.text)) for token in tokens]
    return _combined(And, [*parts, Prefix(keys(last), stem_keys(last))])


def stem_keys(beginning: str) -> Keys:
    """What the keys of longer words start with: the keys of `beginning`, but a final y stays y (ly* → lyn…)."""
    own = keys(beginning)
    if not beginning.lower().endswith(tuple("yýỳỷỹỵ")):
        return own
    kept = keys(beginning + "n")  # a coda keeps the y and does not move a single vowel's tone
    return Keys(kept.k1[:-1], kept.k2[:-1], kept.k3[:-1])


def _distance(text: str) -> int:
    if not text:
        return NEAR_BY_DEFAULT
    if not 1 <= int(text) <= FARTHEST:
        raise QueryRejected(
            N_("NEAR/{given}: khoảng cách phải từ 1 đến {limit} từ, ví dụ đình NEAR/5 làng."),
            given=text,
            limit=FARTHEST,
        )
    return int(text)


def _near(left: Query, right: Query, distance: int) -> Query:
    for side, other in ((left, right), (right, left)):
        if isinstance(side, Or):
            pairs = [_near(part, other, distance) for part in side.parts]
            return Or(tuple(pairs))
    if not (isinstance(left, Operand) and isinstance(right, Operand)):
        raise QueryRejected(
            N_("Hai bên NEAR phải là một từ, một cụm từ trong ngoặc kép hoặc các từ nối bằng OR. Hãy viết lại câu tìm.")
        )
    if {type(left), type(right)} == {Phrase, Prefix}:
        raise QueryRejected(
            N_("Một bên NEAR là cụm từ thì bên kia không dùng được dấu *. Hãy gõ trọn từ hoặc bỏ ngoặc kép.")
        )
    return Near(left, right, distance)

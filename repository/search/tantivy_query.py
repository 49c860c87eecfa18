"""From the query tree, a visitor's visibility and filters to Tantivy's query objects."""

from collections.abc import Iterable

from tantivy import FieldType, Occur, Query, Schema

from repository.domain.access import AccessLevel, Visibility
from repository.domain.search import Filters
from repository.domain.vietnamese import Keys
from repository.search.entries import day, open_gates
from repository.search.query import And, Near, Not, Or, Phrase, Prefix, Word, words_of
from repository.search.query import Query as Tree

Slots = list[tuple[int, str]]


def every(queries: Iterable[Query]) -> Query:
    """Documents that match all of `queries`; the only one as it is."""
    found = list(queries)
    return found[0] if len(found) == 1 else Query.boolean_query([(Occur.Must, query) for query in found])


def some(queries: Iterable[Query]) -> Query:
    """Documents that match any of `queries`."""
    found = list(queries)
    return found[0] if len(found) == 1 else Query.boolean_query([(Occur.Should, query) for query in found])


def less(query: Query, *without: Query) -> Query:
    """Documents that match `query` and none of `without`."""
    return Query.boolean_query([(Occur.Must, query), *((Occur.MustNot, other) for other in without)])


def unscored(query: Query) -> Query:
    """`query` as a filter: it adds nothing to a score."""
    return Query.const_score_query(query, 0.0)


class TreeCompiler:
    """Compiles a query tree for one tier: what the documents of that tier or a better one match."""

    def __init__(self, schema: Schema, tier: int) -> None:
        self.schema = schema
        self.tier = tier
        self.field = f"k{tier}"

    def compile(self, tree: Tree) -> Query:
        """The whole tree; scored by BM25 on this tier's keys."""
        match tree:
            case Word():
                return Query.term_query(self.schema, self.field, tree.keys.at(self.tier), index_option="freq")
            case Prefix():
                return self._prefix(tree)
            case Phrase():
                return Query.phrase_query(self.schema, self.field, [word.at(self.tier) for word in tree.words])
            case Near():
                return self._near(tree)
            case Or():
                return some(self.compile(part) for part in tree.parts)
            case And():
                return self._all(tree)
            case Not():  # alone only inside another Not's part
                return less(Query.all_query(), TreeCompiler(self.schema, tree.tier).compile(tree.part))

    def _all(self, tree: And) -> Query:
        wanted = dict.fromkeys(part for part in tree.parts if not isinstance(part, Not))
        clauses = [(Occur.Must, self.compile(part)) for part in wanted]
        for part in tree.parts:
            if isinstance(part, Not):
                clauses.append((Occur.MustNot, TreeCompiler(self.schema, part.tier).compile(part.part)))
        if not wanted:
            clauses.append((Occur.Must, Query.all_query()))
        return Query.boolean_query(clauses)

    def _prefix(self, tree: Prefix) -> Query:
        return unscored(Query.regex_query(self.schema, self.field, _begins(tree.stem, tree.keys, self.tier)))

    def _near(self, tree: Near) -> Query:
        if isinstance(tree.left, Phrase) or isinstance(tree.right, Phrase):
            return self._phrases_near(tree)
        left, right = self._slot(tree.left), self._slot(tree.right)
        if isinstance(tree.left, Prefix) or isinstance(tree.right, Prefix) or left == right:
            orders = ((left, right),) if left == right else ((left, right), (right, left))
            pattern = isinstance(tree.left, Prefix) or isinstance(tree.right, Prefix)
            return some(
                self._placed([(0, first), (offset, second)], pattern, slop)
                for first, second in orders
                for offset, slop in _windows(tree.distance)
            )
        # Both at offset 0 with slop n: Tantivy then asks |difference of positions| <= n, in either order.
        return Query.phrase_query(self.schema, self.field, [(0, left), (0, right)], tree.distance)

    def _phrases_near(self, tree: Near) -> Query:
        """Slop would let the words of a phrase drift apart, so every gap is spelled out."""
        sides = [[word.at(self.tier) for word in words_of(side)] for side in (tree.left, tree.right)]
        arrangements = []
        for first, second in (sides, sides[::-1]):
            for gap in range(1, tree.distance + 1):
                slots = list(enumerate(first))
                slots += [(len(first) - 1 + gap + at, word) for at, word in enumerate(second)]
                arrangements.append(self._placed(slots, pattern=False))
        together = every(self.compile(side) for side in dict.fromkeys((tree.left, tree.right)))
        return every((together, unscored(some(arrangements))))

    def _slot(self, side: Word | Prefix | Phrase) -> str:
        if isinstance(side, Prefix):
            return _begins(side.stem, side.keys, self.tier)
        return words_of(side)[0].at(self.tier)

    def _placed(self, slots: Slots, pattern: bool, slop: int = 0) -> Query:
        if pattern:
            return Query.regex_phrase_query(self.schema, self.field, list(slots), slop)
        return Query.phrase_query(self.schema, self.field, list(slots), slop)


def _windows(distance: int) -> list[tuple[int, int]]:
    """Offsets and slops that together ask for a second word 1 to `distance` places after a first."""
    if distance % 2:
        return [((distance + 1) // 2, (distance - 1) // 2)]
    return [(distance // 2, (distance - 2) // 2), (distance // 2 + 1, (distance - 2) // 2)]


def _begins(stem: Keys, whole: Keys, tier: int) -> str:
    """A regular expression for the keys of words that begin so; keys hold letters, digits and marks only."""
    beginning, exact = stem.at(tier), whole.at(tier)
    return f"{beginning}.*" if exact.startswith(beginning) else f"{beginning}.*|{exact}"


def narrowing(schema: Schema, visibility: Visibility, filters: Filters) -> list[tuple[Occur, Query]]:
    """Clauses, none of them scored, that let through what the visitor may find and the filters ask for."""
    clauses = [(Occur.Must, unscored(query)) for query in _filtered(schema, filters)]
    if not visibility.everything:
        clauses.append((Occur.Must, unscored(_visible(schema, visibility))))
    if visibility.hidden_items:
        hidden = Query.term_set_query(schema, "item", sorted(visibility.hidden_items))
        clauses.append((Occur.MustNot, hidden))
    return clauses


def _visible(schema: Schema, visibility: Visibility) -> Query:
    ways = [Query.term_query(schema, "gate", gate, index_option="basic") for gate in open_gates(visibility)]
    over = Query.range_query(schema, "embargo", FieldType.Integer, 0, day(visibility.today), use_inverted_index=True)
    embargoed = Query.term_query(schema, "gate", str(AccessLevel.EMBARGO), index_option="basic")
    return some([*ways, every((embargoed, over))])


def _filtered(schema: Schema, filters: Filters) -> list[Query]:
    found = []
    for field in ("library", "kind", "place"):
        values = getattr(filters, field)
        if values:
            found.append(some(Query.term_query(schema, field, value, index_option="basic") for value in values))
    if filters.item is not None:
        found.append(Query.term_query(schema, "item", filters.item, index_option="basic"))
    if filters.from_year is not None or filters.to_year is not None:
        found.append(Query.range_query(schema, "year", FieldType.Integer, filters.from_year, filters.to_year))
    return found

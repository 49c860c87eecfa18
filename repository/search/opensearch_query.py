"""From the query tree, a visitor's visibility and filters to OpenSearch's query language."""

from itertools import pairwise
from typing import Any

from repository.domain.access import AccessLevel, Visibility
from repository.domain.search import Filters
from repository.search.entries import day, open_gates
from repository.search.opensearch_mapping import SHORT, pair
from repository.search.query import And, Near, Not, Operand, Or, Phrase, Prefix, Word
from repository.search.query import Query as Tree

Clause = dict[str, Any]
MOST_BEGINNINGS = 1024  # words that one side of NEAR may begin like: the engine's own limit


class TreeCompiler:
    """Compiles a query tree for one tier: what the documents of that tier or a better one match."""

    def __init__(self, tier: int) -> None:
        self.tier = tier
        self.field = f"k{tier}"

    def compile(self, tree: Tree) -> Clause:
        """The whole tree; scored by BM25 on this tier's keys."""
        match tree:
            case Word():
                return {"term": {self.field: {"value": tree.keys.at(self.tier)}}}
            case Prefix():
                return unscored(some(self._beginning(tree)))
            case Phrase():
                return self._phrase(tree)
            case Near():
                return self._near(tree)
            case Or():
                return some([self.compile(part) for part in tree.parts])
            case And():
                return self._all(tree)
            case Not():  # alone only inside another Not's part
                return {"bool": {"must_not": [_left_out(tree)]}}

    def _phrase(self, tree: Phrase) -> Clause:
        """Scored by how often its words meet, whatever their marks; that they meet as typed only decides whether the
        document counts, so that the engine looks at places in the text only where the score could come to the top."""
        meeting = [{"term": {"pairs": {"value": pair(one.k3, other.k3)}}} for one, other in pairwise(tree.words)]
        if self.tier == 3 and len(meeting) == 1:
            return meeting[0]
        phrase = {"match_phrase": {self.field: " ".join(word.at(self.tier) for word in tree.words)}}
        return {"bool": {"must": meeting, "filter": phrase}}

    def _all(self, tree: And) -> Clause:
        wanted = dict.fromkeys(part for part in tree.parts if not isinstance(part, Not))
        left_out = [_left_out(part) for part in tree.parts if isinstance(part, Not)]
        together: Clause = {"must": [self.compile(part) for part in wanted]}
        return {"bool": together | ({"must_not": left_out} if left_out else {})}

    def _beginning(self, tree: Prefix) -> list[Clause]:
        stem, whole = tree.stem.at(self.tier), tree.keys.at(self.tier)
        short = len(stem) <= SHORT
        ways: list[Clause] = [
            {"term": {f"b{self.tier}": {"value": stem}}} if short else {"prefix": {self.field: {"value": stem}}}
        ]
        return ways if whole.startswith(stem) else [*ways, {"term": {self.field: {"value": whole}}}]

    def _near(self, tree: Near) -> Clause:
        """Both sides score; how near they stand only decides whether they count."""
        sides = [self._interval(side) for side in (tree.left, tree.right)]
        orders = [sides] if sides[0] == sides[1] else [sides, sides[::-1]]
        ways = [{"all_of": {"mode": "ordered", "max_gaps": tree.distance - 1, "intervals": order}} for order in orders]
        near = {"intervals": {self.field: {"any_of": {"intervals": ways}}}}
        return {
            "bool": {"must": [self.compile(side) for side in dict.fromkeys((tree.left, tree.right))], "filter": near}
        }

    def _interval(self, side: Operand) -> Clause:
        match side:
            case Word():
                return _side_by_side([side.keys.at(self.tier)])
            case Phrase():
                return _side_by_side([word.at(self.tier) for word in side.words])
            case Prefix():
                stem, whole = side.stem.at(self.tier), side.keys.at(self.tier)
                begun = {"wildcard": {"pattern": f"{stem}*", "max_expansions": MOST_BEGINNINGS}}
                if whole.startswith(stem):
                    return begun
                return {"any_of": {"intervals": [begun, _side_by_side([whole])]}}


def some(clauses: list[Clause]) -> Clause:
    """Documents that match any of the clauses."""
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses, "minimum_should_match": 1}}


def unscored(clause: Clause) -> Clause:
    """A clause that adds nothing to a score."""
    return {"constant_score": {"filter": clause, "boost": 0.0}}


def narrowing(visibility: Visibility, filters: Filters) -> Clause:
    """The parts of a bool query, none of them scored, that let through what the visitor may find and the filters ask
    for."""
    allowed = _filtered(filters)
    if not visibility.everything:
        allowed.append(_visible(visibility))
    found: Clause = {"filter": allowed} if allowed else {}
    if visibility.hidden_items:
        found["must_not"] = [{"terms": {"item": sorted(visibility.hidden_items)}}]
    return found


def _visible(visibility: Visibility) -> Clause:
    over: Clause = {"range": {"embargo": {"lte": day(visibility.today)}}}
    embargoed = {"bool": {"filter": [{"term": {"gate": str(AccessLevel.EMBARGO)}}, over]}}
    return some([{"terms": {"gate": open_gates(visibility)}}, embargoed])


def _filtered(filters: Filters) -> list[Clause]:
    found: list[Clause] = []
    for field in ("library", "kind", "place"):
        if values := getattr(filters, field):
            found.append({"terms": {field: list(values)}})
    if filters.item is not None:
        found.append({"term": {"item": filters.item}})
    bounds = {"gte": filters.from_year, "lte": filters.to_year}
    if said := {bound: year for bound, year in bounds.items() if year is not None}:
        found.append({"range": {"year": said}})
    return found


def _left_out(tree: Not) -> Clause:
    return TreeCompiler(tree.tier).compile(tree.part)


def _side_by_side(words: list[str]) -> Clause:
    return {"match": {"query": " ".join(words), "mode": "ordered", "max_gaps": 0}}

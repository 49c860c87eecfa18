"""Narrowing a list by facets: each choice a link that adds or takes away one value."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from app.reader.addresses import with_changed
from app.reader.labels import kind_name
from app.visitors import services
from repository.domain.search import FacetCount, Filters

MOST_CHOICES = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """One value to narrow by; following `url` chooses it, or lets it go when it is `chosen`."""

    label: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A heading with its choices."""

    name: str
    label: str
    choices: tuple[Choice, ...]


def facets(counts: Mapping[str, Sequence[FacetCount]], filters: Filters) -> list[Facet]:
    """The facets worth showing: those that part the list, or that are narrowed by now."""
    libraries = {library.code: library.name for library in services().reading.libraries()}
    made = [
        _facet("kind", _("Loại tài liệu"), counts, filters.kind, {c.value: kind_name(c.value) for c in counts["kind"]}),
        _facet("place", _("Địa danh"), counts, filters.place, {}),
        _decades(counts.get("year", ()), filters),
        _facet("library", _("Thư viện"), counts, filters.library, libraries),
    ]
    return [facet for facet in made if len(facet.choices) > 1 or any(choice.chosen for choice in facet.choices)]


def _facet(
    name: str,
    label: str,
    counts: Mapping[str, Sequence[FacetCount]],
    chosen: tuple[str, ...],
    names: dict[str, str],
) -> Facet:
    counted = {count.value: count.count for count in counts.get(name, ())}
    values = [*chosen, *(value for value in counted if value not in chosen)][: MOST_CHOICES + len(chosen)]
    choices = []
    for value in values:
        others = tuple(one for one in chosen if one != value)
        url = with_changed(**{name: others if value in chosen else (*others, value)})
        shown = names.get(value) or (kind_name(value) if name == "kind" else value)
        choices.append(Choice(shown, counted.get(value, 0), url, value in chosen))
    return Facet(name, label, tuple(choices))


def _decades(years: Sequence[FacetCount], filters: Filters) -> Facet:
    counted: Counter[int] = Counter()
    for year in years:
        if year.value.isdigit():
            counted[int(year.value) // 10 * 10] += year.count
    choices = []
    if filters.from_year is not None or filters.to_year is not None:
        shown = f"{filters.from_year or '…'}–{filters.to_year or '…'}"
        url = with_changed(from_year=None, to_year=None)
        choices.append(Choice(shown, counted.total(), url, chosen=True))
    else:
        for decade, count in sorted(counted.items())[:40]:
            url = with_changed(from_year=str(decade), to_year=str(decade + 9))
            choices.append(Choice(f"{decade}–{decade + 9}", count, url, chosen=False))
    return Facet("year", _("Năm"), tuple(choices))

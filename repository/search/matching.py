"""What to mark on a hit: words of a page, their boxes, and a snippet, all from the same match.

Of each part of the query typed with marks the places at its best tier are marked: where *đường* itself stands on the
page, *dương* is left alone. Typed without marks, all its forms are. Nothing else is marked: no stray word of a phrase,
nothing of a `-word`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from repository.domain.columns import PageColumns, columns_of
from repository.domain.pages import Box, PageText
from repository.domain.vietnamese import clean
from repository.search.cutting import SNIPPET_LENGTH, Snippet, cut
from repository.search.occurrences import occurrences
from repository.search.printed import PrintedRun
from repository.search.query import Query

Printed = PageText | PageColumns


@dataclass(frozen=True, slots=True)
class Matches:
    """For each occurrence, best tier first, the indices of the page's printed words that matched.

    `tiers` and `parts` run beside `words`: at which tier, and which part of the query it meets."""

    words: tuple[tuple[int, ...], ...]
    tiers: tuple[int, ...]
    parts: tuple[int, ...]


def match_page(query: Query, page: Printed) -> Matches:
    """Where `page` meets `query`; nothing at all when the page as a whole does not match it."""
    columns = _columns(page)
    return _match(query, PrintedRun(columns.texts, columns.line_ends))


def boxes_of(page: Printed, matches: Matches) -> tuple[Box, ...]:
    """Boxes of the matched words in master pixels, best tier first; words side by side in one line share one box."""
    columns = _columns(page)
    boxes: dict[tuple[int, ...], Box] = {}
    for occurrence in matches.words:
        for run in _line_runs(columns, occurrence):
            if run not in boxes:
                boxes[run] = _around([columns.box(index) for index in run])
    return tuple(boxes.values())


def snippet(page: Printed, matches: Matches, length: int = SNIPPET_LENGTH) -> Snippet:
    """About `length` characters of the page around the most telling matches; its beginning when nothing matched."""
    columns = _columns(page)
    return cut(columns.texts, columns.line_ends, matches.words, matches.parts, length)


def snippet_of_text(query: Query, text: str, length: int = SNIPPET_LENGTH) -> tuple[tuple[str, bool], ...]:
    """The same for a text without words on an image, a record: pieces of text, each with whether it is marked."""
    texts: list[str] = []
    last_of_line = set()
    for line in clean(text).splitlines():
        texts.extend(line.split())
        last_of_line.add(len(texts) - 1)
    matches = _match(query, PrintedRun(texts, last_of_line.__contains__))
    return cut(texts, last_of_line.__contains__, matches.words, matches.parts, length).parts


def _columns(page: Printed) -> PageColumns:
    return page if isinstance(page, PageColumns) else columns_of(page)


def _match(query: Query, run: PrintedRun) -> Matches:
    places = occurrences(query, run.keys)
    words = []
    for place in places:
        if len(place.tokens) == 1:
            words.append(run.printed(place.tokens[0]))
        else:
            words.append(tuple(sorted({index for token in place.tokens for index in run.printed(token)})))
    return Matches(tuple(words), tuple(place.tier for place in places), tuple(place.part for place in places))


def _line_runs(columns: PageColumns, occurrence: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    run: list[int] = []
    for index in occurrence:
        if run and (index != run[-1] + 1 or columns.line_ends(run[-1])):
            yield tuple(run)
            run = []
        run.append(index)
    if run:
        yield tuple(run)


def _around(boxes: list[Box]) -> Box:
    if len(boxes) == 1:
        return boxes[0]
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.w for box in boxes), max(box.y + box.h for box in boxes)
    return Box(left, top, right - left, bottom - top)

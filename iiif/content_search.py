"""Hits inside one item for viewers: Content Search API 2.0 (AnnotationPage) and 1.0 (AnnotationList)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from iiif.presentation import Node, canvas_url
from repository.domain.pages import Box
from repository.domain.records import Page

CONTEXT_1 = "http://iiif.io/api/search/1/context.json"
CONTEXT_2 = "http://iiif.io/api/search/2/context.json"
_PRESENTATION_2 = "http://iiif.io/api/presentation/2/context.json"


@dataclass(frozen=True, slots=True)
class Match:
    """One page that answers the query: where its words stand, in master pixels, and the text around the first."""

    page: Page
    boxes: tuple[Box, ...]
    before: str
    exact: str
    after: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of a search: `part` counts from 1 of `parts`; `ignored` names parameters that were not looked at."""

    item: str
    query: str
    matches: Sequence[Match]
    part: int = 1
    parts: int = 1
    ignored: tuple[str, ...] = ()


def annotation_page(answer: Answer, base_url: str) -> Node:
    """Content Search 2.0 §4: an annotation for each place on a page, and for each page the words around it."""
    url = _url(answer, base_url, 2)
    first = {match.page.id: f"{url}#p{match.page.number}-1" for match in answer.matches if match.boxes}
    document: Node = {
        "@context": CONTEXT_2,
        "id": url,
        "type": "AnnotationPage",
        "items": [
            {
                "id": f"{url}#p{match.page.number}-{place}",
                "type": "Annotation",
                "motivation": "supplementing",
                "body": {"type": "TextualBody", "value": match.exact, "format": "text/plain"},
                "target": target,
            }
            for match, place, target in _places(answer, base_url)
        ],
    }
    around = [_context(match, first[match.page.id]) for match in answer.matches if match.page.id in first]
    if around:
        document["annotations"] = [{"type": "AnnotationPage", "items": around}]
    if answer.ignored:
        document["ignored"] = list(answer.ignored)
    if answer.parts > 1:
        parts = {name: {"id": link, "type": "AnnotationPage"} for name, link in _parts(answer, base_url, 2).items()}
        whole = {"id": _url(answer, base_url, 2, part=None), "type": "AnnotationCollection"}
        document["partOf"] = whole | {name: parts[name] for name in ("first", "last")}
        document |= {name: part for name, part in parts.items() if name in ("next", "prev")}
    return document


def annotation_list(answer: Answer, base_url: str) -> Node:
    """Content Search 1.0 §3: the same as resources, with one hit a page."""
    url = _url(answer, base_url, 1)
    resources: list[Node] = []
    hits: dict[str, Node] = {}
    for match, place, target in _places(answer, base_url):
        name = f"{url}#p{match.page.number}-{place}"
        resources.append(
            {
                "@id": name,
                "@type": "oa:Annotation",
                "motivation": "sc:painting",
                "resource": {"@type": "cnt:ContentAsText", "chars": match.exact},
                "on": target,
            }
        )
        hit = {"@type": "search:Hit", "annotations": [], "match": match.exact}
        hit |= {"before": match.before, "after": match.after}
        hits.setdefault(match.page.id, hit)["annotations"].append(name)
    layer: Node = {"@type": "sc:Layer"}
    if answer.ignored:
        layer["ignored"] = list(answer.ignored)
    parts = _parts(answer, base_url, 1)
    if answer.parts > 1:
        layer |= {name: parts[name] for name in ("first", "last")}
    else:
        layer["total"] = len(resources)
    document: Node = {
        "@context": [_PRESENTATION_2, CONTEXT_1],
        "@id": url,
        "@type": "sc:AnnotationList",
        "within": layer,
        "resources": resources,
        "hits": list(hits.values()),
    }
    return document | {name: parts[name] for name in ("next", "prev") if name in parts}


def _url(answer: Answer, base_url: str, version: int, part: int | None = 0) -> str:
    """The address of a part: 0 is the answer's own, None the whole search."""
    part = answer.part if part == 0 else part
    address = f"{base_url}/iiif/search/{version}/{answer.item}?q={quote(answer.query, safe='')}"
    return f"{address}&page={part}" if part and answer.parts > 1 else address


def _parts(answer: Answer, base_url: str, version: int) -> dict[str, str]:
    numbers = {"first": 1, "last": answer.parts, "next": answer.part + 1, "prev": answer.part - 1}
    return {
        name: _url(answer, base_url, version, number) for name, number in numbers.items() if 1 <= number <= answer.parts
    }


def _places(answer: Answer, base_url: str) -> Iterator[tuple[Match, int, str]]:
    """Each box with its match, its number on the page from 1, and the region of the canvas."""
    for match in answer.matches:
        canvas = canvas_url(base_url, answer.item, match.page.id)
        for place, box in enumerate(match.boxes, 1):
            yield match, place, f"{canvas}#xywh={box.x},{box.y},{box.w},{box.h}"


def _context(match: Match, source: str) -> Node:
    selector = {"type": "TextQuoteSelector", "prefix": match.before, "exact": match.exact, "suffix": match.after}
    return {
        "id": f"{source}-context",
        "type": "Annotation",
        "motivation": "contextualizing",
        "target": {"type": "SpecificResource", "source": source, "selector": [selector]},
    }

"""Results: the line, the words marked, and the piece of the page where they stand."""

import logging
from dataclasses import dataclass, replace

from flask import Response, make_response, render_template, request, url_for

from app import outages
from app.language import translate
from app.reader.addresses import fields, pager, with_changed
from app.reader.asked import Asked, read
from app.reader.facets import facets
from app.reader.pictures import Cut, cut
from app.reader.room import blueprint
from app.visitors import current_visitor, services
from repository.catalog.finding import Found, Hit
from repository.domain.errors import DiachiError, QueryRejected
from repository.domain.records import Item
from repository.domain.search import Filters

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A hit as the page shows it; `more` leads to the item's other matching pages when grouped."""

    hit: Hit
    url: str
    cut: Cut | None
    more: str


@blueprint.get("/search")
def search() -> Response:
    """Results of a search, or the form with help when there is nothing to look for yet."""
    return _results(read(request.args), None)


@blueprint.get("/items/<item_id>/search")
def search_in_item(item_id: str) -> Response:
    """Results within one item."""
    item = services().reading.item(current_visitor(), item_id)
    asked = read(request.args)
    return _results(replace(asked, filters=replace(asked.filters, item=item.id), group=False), item)


def _results(asked: Asked, within: Item | None) -> Response:
    found, refusal, outage = _found(asked) if asked.query else (None, "", outages.reader_notice("index"))
    page = render_template(
        "reader/search.html",
        asked=asked,
        within=within,
        found=found,
        refusal=refusal,
        outage=outage,
        hits=[_shown(hit, asked) for hit in found.hits] if found else [],
        facets=facets(found.facets, asked.filters) if found and within is None else [],
        narrowed=replace(asked.filters, item=None) != Filters(),
        pager=pager(asked.page, asked.size, found.total) if found else None,
        with_changed=with_changed,
        fields=fields,
    )
    failed = bool(outage and asked.query)
    return make_response(page, *((503, {"Retry-After": str(outages.RETRY_SECONDS)}) if failed else ()))


def _found(asked: Asked) -> tuple[Found | None, str, str]:
    """What was found, else why the question makes no sense, else that the index is away."""
    if outages.do_without("index"):
        return None, "", outages.sentence_for_readers("index")
    try:
        found = services().finding.search(
            current_visitor(), asked.query, asked.filters, asked.sort, asked.page, asked.size, asked.group
        )
    except QueryRejected as refused:
        return None, translate(refused), ""
    except DiachiError as error:
        if not outages.is_outage(error) or outages.is_of_the_ledger(error):
            raise
        log.warning("search: %s", error)
        return None, "", outages.sentence_for_readers(outages.heard(error))
    return found, "", ""


def _shown(hit: Hit, asked: Asked) -> Shown:
    more = url_for("reader.search_in_item", item_id=hit.item.id, q=asked.query) if hit.pages > 1 else ""
    if hit.page is None:
        return Shown(hit, url_for("reader.item", item_id=hit.item.id), None, more)
    url = url_for("reader.page", item_id=hit.item.id, number=hit.page.number, q=asked.query)
    return Shown(hit, url, cut(hit.page, hit.boxes), more)

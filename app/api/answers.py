"""What the search API and `diachi search --json` answer."""

from markupsafe import escape

from repository.catalog.finding import Found, Hit


def search_answer(found: Found, site: str) -> dict[str, object]:
    """One page of hits as JSON values; `site` is the address before `/iiif/…`, without a slash at its end."""
    return {
        "total": found.total,
        "hits": [_hit(hit, site) for hit in found.hits],
        "facets": {
            name: [{"value": each.value, "count": each.count} for each in counts]
            for name, counts in found.facets.items()
        },
    }


def _hit(hit: Hit, site: str) -> dict[str, object]:
    return {
        "item": hit.item.id,
        "page": hit.page.number if hit.page else None,
        "page_id": hit.page.id if hit.page else None,
        "title": hit.item.title,
        "score": hit.score,
        "tier": hit.tier,
        "snippet": "".join(f"<em>{escape(part)}</em>" if marked else str(escape(part)) for part, marked in hit.snippet),
        "boxes": [[box.x, box.y, box.w, box.h] for box in hit.boxes],
        "matching_pages": hit.pages,
        "manifest": f"{site}/iiif/presentation/3/{hit.item.id}/manifest",
    }

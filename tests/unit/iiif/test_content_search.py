"""Hits inside an item, as Content Search 2.0 and 1.0 tell them."""

from dataclasses import replace

from iiif_samples import ITEM, a_page

from iiif.content_search import Answer, Match, annotation_list, annotation_page
from repository.domain.pages import Box

BASE = "https://thuvien.example.vn"
CANVAS = f"{BASE}/iiif/presentation/3/{ITEM}/canvas"
MATCHES = (
    Match(a_page("p3", number=3), (Box(1, 2, 3, 4), Box(5, 6, 7, 8)), "tỉnh ", "Thái Nguyên", " xưa"),
    Match(a_page("p7", number=7), (Box(9, 9, 9, 9),), "", "Thái Nguyên", ""),
)
ONE = Answer(ITEM, "thái nguyên", MATCHES)


def test_each_place_is_an_annotation_on_its_canvas() -> None:
    document = annotation_page(ONE, BASE)
    assert document["id"] == f"{BASE}/iiif/search/2/{ITEM}?q=th%C3%A1i%20nguy%C3%AAn"
    assert [item["target"] for item in document["items"]] == [
        f"{CANVAS}/p3#xywh=1,2,3,4",
        f"{CANVAS}/p3#xywh=5,6,7,8",
        f"{CANVAS}/p7#xywh=9,9,9,9",
    ]
    assert len({item["id"] for item in document["items"]}) == 3
    assert "partOf" not in document


def test_each_page_has_the_words_around_its_first_place() -> None:
    document = annotation_page(ONE, BASE)
    around = document["annotations"][0]["items"]
    assert [it["target"]["source"] for it in around] == [document["items"][0]["id"], document["items"][2]["id"]]
    assert around[0]["target"]["selector"] == [
        {"type": "TextQuoteSelector", "prefix": "tỉnh ", "exact": "Thái Nguyên", "suffix": " xưa"}
    ]


def test_a_long_answer_links_its_parts() -> None:
    document = annotation_page(replace(ONE, part=2, parts=3), BASE)
    links = [document["prev"], document["next"], document["partOf"]["first"], document["partOf"]["last"]]
    assert [link["id"][-7:] for link in links] == ["&page=1", "&page=3", "&page=1", "&page=3"]
    assert document["id"].endswith("&page=2")
    assert document["partOf"]["id"].endswith("nguy%C3%AAn")
    assert "next" not in annotation_page(replace(ONE, part=3, parts=3), BASE)
    assert "prev" not in annotation_page(replace(ONE, part=1, parts=3), BASE)


def test_version_1_has_one_hit_a_page() -> None:
    document = annotation_list(ONE, BASE)
    names = [resource["@id"] for resource in document["resources"]]
    assert [hit["annotations"] for hit in document["hits"]] == [names[:2], names[2:]]
    assert document["within"] == {"@type": "sc:Layer", "total": 3}
    assert document["resources"][0]["on"] == f"{CANVAS}/p3#xywh=1,2,3,4"


def test_nothing_found_is_an_empty_list() -> None:
    assert annotation_page(Answer(ITEM, "x", ()), BASE)["items"] == []
    assert "annotations" not in annotation_page(Answer(ITEM, "x", ()), BASE)
    assert annotation_list(Answer(ITEM, "x", ()), BASE)["resources"] == []

"""Manifests and collections keep the rules of Presentation API 3.0 and tell viewers what they need."""

import copy
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from iiif_rules import check_presentation
from iiif_samples import LIBRARY, a_page, an_item
from jsonschema import Draft202012Validator

from iiif.collections import PART, items_collection, parted_collection, top_collection
from iiif.labels import kind_label, library_label
from iiif.presentation import manifest
from repository.domain.records import Kind

BASE = "https://thuvien.example.vn"
Node = dict[str, Any]


def a_manifest(pages: int = 3, **about: object) -> Node:
    numbered = [a_page(f"p{number}", number=number, width=2480, height=3508) for number in range(1, pages + 1)]
    return manifest(
        an_item(**about), numbered, LIBRARY, BASE, text_url=lambda page: f"{BASE}/text/{page.id}", searchable=True
    )


FULL = {
    "author": "Quốc sử quán triều Nguyễn",
    "place": "Thái Nguyên",
    "year": 1882,
    "publisher": "Thuận Hóa",
    "summary": "Địa lý các tỉnh.",
    "subjects": ("Địa chí", "Lịch sử"),
    "rights": "https://creativecommons.org/publicdomain/mark/1.0/",
    "source": "Kho Địa chí",
}


@pytest.mark.parametrize("about", [{}, FULL, {"language": "lzh", "kind": Kind.ROYAL_DECREE}, {"language": "xxx"}])
def test_a_manifest_keeps_every_rule(about: Node) -> None:
    assert check_presentation(a_manifest(**about)) == []


@pytest.mark.parametrize("rights", ["Lưu hành nội bộ", "https://example.vn/license", "creativecommons.org/licenses/"])
def test_rights_that_are_no_rights_uri_are_shown_as_words(rights: str) -> None:
    document = a_manifest(rights=rights)
    assert check_presentation(document) == []
    assert "rights" not in document
    assert {"none": [rights]} in [entry["value"] for entry in document["metadata"]]


def test_a_rights_uri_is_given_with_http() -> None:
    assert a_manifest(**FULL)["rights"] == "http://creativecommons.org/publicdomain/mark/1.0/"


def test_labels_are_in_vietnamese_and_english() -> None:
    document = a_manifest(**FULL)
    assert document["label"] == {"vi": ["Đại Nam nhất thống chí"]}
    assert all({"vi", "en"} == set(entry["label"]) for entry in document["metadata"])


def test_pages_without_a_picture_are_left_out_and_the_cover_is_not_a_blank_page() -> None:
    blank = replace(a_page("p1", number=1), blank=True)
    owed = replace(a_page("p2", number=2), derivative=None, set_aside=True)
    document = manifest(an_item(), [blank, owed, a_page("p3", number=3)], LIBRARY, BASE)
    assert [canvas["id"].rpartition("/")[2] for canvas in document["items"]] == ["p1", "p3"]
    assert "/p3/" in document["thumbnail"][0]["id"]


@pytest.mark.parametrize(
    ("about", "direction", "behavior"),
    [
        ({}, "left-to-right", "paged"),
        ({"kind": Kind.MAP}, "left-to-right", "individuals"),
        ({"kind": Kind.VILLAGE_CONVENTION, "language": "lzh"}, "right-to-left", "paged"),
        ({"language": "chi", "year": 1998}, "left-to-right", "paged"),
    ],
)
def test_how_an_item_is_leafed_through(about: Node, direction: str, behavior: str) -> None:
    document = a_manifest(**about)
    assert (document["viewingDirection"], document["behavior"]) == (direction, [behavior])


def test_a_thumbnail_is_a_stored_level() -> None:
    thumbnail = a_manifest()["items"][0]["thumbnail"][0]
    assert thumbnail["id"] == f"{BASE}/iiif/image/3/p1/full/155,220/0/default.jpg"
    assert (thumbnail["width"], thumbnail["height"]) == (155, 220)


def test_each_page_links_to_its_plain_text_and_the_item_to_its_search() -> None:
    document = a_manifest()
    assert document["items"][1]["rendering"][0]["id"] == f"{BASE}/text/p2"
    assert [service.get("type", service.get("@type")) for service in document["service"]] == [
        "SearchService2",
        "SearchService1",
    ]


def test_a_thousand_pages_take_less_than_a_tenth_of_a_second() -> None:
    pages = [a_page(f"p{number}", number=number, width=2480, height=3508) for number in range(1000)]
    took = []
    for _ in range(3):  # other processes on the machine can only make it slower
        start = time.process_time()
        json.dumps(manifest(an_item(), pages, LIBRARY, BASE))
        took.append(time.process_time() - start)
    assert min(took) < 0.1


def test_collections_keep_every_rule() -> None:
    items = [an_item(f"item{number}") for number in range(3)]
    name = f"library:{LIBRARY.code}"
    for document in (
        top_collection([LIBRARY], [Kind.BOOK, Kind.MAP], BASE),
        items_collection("kind:map", kind_label(Kind.MAP), items, BASE),
        items_collection(name, library_label(LIBRARY), items, BASE, part=2),
        parted_collection(name, library_label(LIBRARY), 2 * PART + 1, BASE),
        items_collection(name, library_label(LIBRARY), [], BASE),
    ):
        assert check_presentation(document) == []


def test_a_long_collection_is_a_list_of_its_parts() -> None:
    document = parted_collection("library:TN", library_label(LIBRARY), 2 * PART + 1, BASE)
    assert [entry["id"][-2:] for entry in document["items"]] == ["/1", "/2", "/3"]
    assert document["items"][2]["label"] == {"vi": ["Thư viện tỉnh Thái Nguyên (401-401)"]}


FAULTS: dict[str, Callable[[Node], Any]] = {
    "no items": lambda it: it.pop("items"),
    "canvas without id": lambda it: it["items"][0].pop("id"),
    "label a plain string": lambda it: it.update(label="Sách"),
    "unknown key": lambda it: it.update(license="http://example.vn"),
    "rights from elsewhere": lambda it: it.update(rights="https://creativecommons.org/licenses/by/4.0/"),
    "annotation without motivation": lambda it: it["items"][0]["items"][0]["items"][0].pop("motivation"),
    "canvas with width only": lambda it: it["items"][0].pop("height"),
    "no label": lambda it: it.pop("label"),
    "wrong type": lambda it: it.update(type="Range"),
    "height not whole": lambda it: it["items"][0].update(height=10.5),
    "viewing direction unknown": lambda it: it.update(viewingDirection="up"),
    "label not in arrays": lambda it: it.update(label={"vi": "Sách"}),
    "id relative": lambda it: it.update(id="/iiif/manifest"),
    "id used twice": lambda it: it["items"].append(copy.deepcopy(it["items"][0])),
    "target another canvas": lambda it: it["items"][0]["items"][0]["items"][0].update(target=it["items"][1]["id"]),
    "two ways to leaf": lambda it: it.update(behavior=["paged", "individuals"]),
    "image service without profile": lambda it: it["items"][0]["thumbnail"][0]["service"][0].pop("profile"),
    "provider without label": lambda it: it["provider"][0].pop("label"),
    "metadata a plain pair": lambda it: it.update(metadata=[{"label": "Năm", "value": "1882"}]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_rules_see_what_is_wrong(fault: str) -> None:
    document = a_manifest(**FULL)
    FAULTS[fault](document)
    assert check_presentation(document) != []


def test_the_schema_is_itself_a_schema() -> None:
    schema = Path(__file__).parents[2] / "schemas" / "iiif_presentation_3.json"
    Draft202012Validator.check_schema(json.loads(schema.read_text("utf-8")))

"""The doors for programs."""

import json
import os
import re

import pytest
from jsonschema import Draft202012Validator

from app.api.description import openapi_document


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": openapi_document("http://x")["components"]}
    )


class TestSearch:
    def test_answers_as_described(self, shelves, reader):
        found = reader.get("/api/v1/search?q=đường").get_json()
        schema("Found").validate(found)
        assert found["total"] == 3
        first = found["hits"][0]
        assert (first["item"], first["page"], first["title"]) == (shelves.gazetteer, 1, "Địa chí Thái Nguyên")
        assert first["manifest"].endswith(f"/iiif/presentation/3/{shelves.gazetteer}/manifest")
        assert found["facets"]["kind"] == [{"value": "gazetteer", "count": 3}]

    def test_snippets_mark_and_boxes_point_at_the_same_words(self, shelves, reader):
        hit = reader.get('/api/v1/search?q="hương+ước"').get_json()["hits"][0]
        assert "<em>hương ước</em>" in hit["snippet"]
        words = reader.get(f"/api/v1/pages/{hit['page_id']}/text").get_json()["words"]
        first, last = (next(word["box"] for word in words if word["text"] == text) for text in ("hương", "ước"))
        x, y, w, h = hit["boxes"][0]
        assert x == first[0]
        assert x + w == last[0] + last[2]
        assert y <= first[1]
        assert y + h >= first[1] + first[3]

    def test_a_hit_in_the_record_has_no_page_and_no_boxes(self, reader):
        hit = reader.get("/api/v1/search?q=DC0001").get_json()["hits"][0]
        assert hit["page"] is None
        assert hit["page_id"] is None
        assert hit["boxes"] == []

    def test_pages_through_every_hit_once(self, reader):
        pages = [reader.get(f"/api/v1/search?q=nguyên+OR+trang&size=1&page={n}").get_json() for n in range(1, 7)]
        hits = [(hit["item"], hit["page_id"]) for found in pages for hit in found["hits"]]
        assert len(hits) == len(set(hits)) == min(pages[0]["total"], 6)

    @pytest.mark.parametrize(
        "asked",
        [
            "q=", "q=-chùa", "q=chè&page=0", "q=chè&page=-1", "q=chè&page=NaN", "q=chè&page=1e3", "q=chè&size=101",
            "q=chè&size=0", "q=chè&from_year=abc", "q=chè&to_year=99999", "q=chè&sort=random", "q=chè&kind=nonsense",
            "q=chè&group=library", "q=" + "a" * 1001, "q=chè&page=" + "9" * 5000, "q=chè&page=²",
        ],
    )  # fmt: skip
    def test_says_what_is_wrong(self, reader, asked):
        answer = reader.get(f"/api/v1/search?{asked}")
        assert answer.status_code == 400
        schema("Error").validate(answer.get_json())

    def test_narrows(self, reader):
        def total(more: str) -> int:
            found = reader.get(f"/api/v1/search?q=trang&{more}").get_json()
            return int(found["total"])

        assert total("from_year=1936&to_year=1936&kind=gazetteer&place=Thái+Nguyên&library=TN") == 2
        assert total("from_year=1937") == total("kind=book") == total("place=Huế") == total("library=XX") == 0


class TestItemsAndPages:
    def test_answer_as_described(self, shelves, reader):
        item = reader.get(f"/api/v1/items/{shelves.gazetteer}").get_json()
        schema("Item").validate(item)
        assert (item["code"], item["kind"], item["year"], item["page_count"]) == ("DC0001", "gazetteer", 1936, 3)
        pages = reader.get(f"/api/v1/items/{shelves.gazetteer}/pages").get_json()
        schema("Pages").validate(pages)
        assert [page["number"] for page in pages["pages"]] == [1, 2, 3]
        text = reader.get(f"/api/v1/pages/{pages['pages'][0]['id']}/text").get_json()
        schema("Text").validate(text)
        assert text["text"].startswith("Tỉnh Thái Nguyên")

    def test_are_refused_or_unknown_as_for_people(self, shelves, reader):
        assert reader.get(f"/api/v1/items/{shelves.onsite}").status_code == 403
        assert reader.get(f"/api/v1/items/{shelves.draft}").status_code == 404
        unknown = reader.get("/api/v1/pages/nope/text")
        assert unknown.status_code == 404
        schema("Error").validate(unknown.get_json())

    def test_answers_in_english_when_asked(self, reader):
        told = reader.get("/api/v1/items/nope", headers={"Accept-Language": "en"}).get_json()
        assert told["error"]["message"] == "There is no such document."


class TestDescription:
    def test_names_every_door_that_is_served_and_no_other(self, shelves, reader):
        described = set(reader.get("/api/v1/openapi.json").get_json()["paths"])
        served = {
            re.sub(
                r"<(?:\w+:)?(\w+)>",
                lambda name: "{" + name[1].removesuffix("_id" * (name[1] == "item_id")) + "}",
                str(rule),
            )
            for rule in shelves.app.url_map.iter_rules()
            if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi"
        }
        assert described == served

    def test_points_at_schemas_that_exist(self):
        document = openapi_document("http://x")
        for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)):
            assert name in document["components"]["schemas"]


class TestHealth:
    def test_alive(self, reader):
        assert reader.get("/healthz").get_json() == {"status": "ok"}

    def test_ready_for_readers_and_says_whether_somebody_works(self, shelves, reader):
        register = shelves.room.folder / "workers.json"
        answer = reader.get("/readyz")
        assert answer.status_code == 200
        assert answer.get_json()["degraded"] == ["workers"]
        register.write_text(json.dumps({"supervisor": os.getpid(), "workers": [{"pid": os.getpid(), "name": "w1"}]}))
        answer = reader.get("/readyz")
        assert answer.status_code == 200
        schema("Ready").validate(answer.get_json())
        assert answer.get_json()["degraded"] == []
        assert [(each["name"], each["pid"], each["alive"]) for each in answer.get_json()["workers"]] == [
            ("w1", os.getpid(), True)
        ]
        register.write_text('{"workers": [{"pid": 4194304, "name": "gone"}]}')
        assert reader.get("/readyz").get_json()["degraded"] == ["workers"]
        register.write_text("{broken")
        assert reader.get("/readyz").get_json()["degraded"] == ["workers"]
        register.unlink()

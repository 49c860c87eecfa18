"""What IIIF answers carry beside their content: caching, negotiation, cross-site reading, refusals."""

import pytest
from flask.testing import FlaskClient
from iiif_rules import check_presentation
from iiif_samples import ITEM, PAGE
from iiif_site import CLOSED_ITEM, CLOSED_PAGE, build

IMAGE = f"/iiif/image/3/{PAGE}"
PICTURE = f"{IMAGE}/0,0,512,512/256,256/0/default.jpg"
LINKED_3 = 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return build(tmp_path_factory.mktemp("pyramids")).test_client()


def test_a_picture_may_be_kept_and_asked_for_again(site: FlaskClient) -> None:
    first = site.get(PICTURE)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "public, max-age=3600"
    assert first.headers["Last-Modified"]
    for condition in ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]}):
        again = site.get(PICTURE, headers=condition)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]


def test_two_ways_to_ask_for_the_same_picture_share_one_mark(site: FlaskClient) -> None:
    assert site.get(PICTURE).headers["ETag"] == site.get(f"{IMAGE}/0,0,512,512/256,/0/default.jpg").headers["ETag"]
    assert site.get(PICTURE).headers["ETag"] != site.get(f"{IMAGE}/0,0,512,512/256,/0/gray.jpg").headers["ETag"]


def test_a_picture_names_its_canonical_address(site: FlaskClient) -> None:
    links = site.get(f"/iiif/image/2/{PAGE}/0,0,1000,1000/,500/0/default.jpg").headers["Link"]
    assert f'<http://localhost/iiif/image/2/{PAGE}/full/500,/0/default.jpg>;rel="canonical"' in links
    assert '<http://iiif.io/api/image/2/level2.json>;rel="profile"' in links


def test_head_tells_what_get_would(site: FlaskClient) -> None:
    head, get = site.head(PICTURE), site.get(PICTURE)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.data))


@pytest.mark.parametrize("path", [PICTURE, f"{IMAGE}/info.json", f"/iiif/presentation/3/{ITEM}/manifest", f"{IMAGE}/x"])
def test_viewers_on_other_sites_may_read(site: FlaskClient, path: str) -> None:
    assert site.get(path).headers["Access-Control-Allow-Origin"] == "*"
    preflight = site.options(path, headers={"Origin": "https://x.vn", "Access-Control-Request-Method": "GET"})
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("version", "accept", "media_type"),
    [
        (3, None, LINKED_3),
        (3, "*/*", LINKED_3),
        (3, "application/json", "application/json"),
        (3, "application/json;q=0.5, application/ld+json", LINKED_3),
        (2, "*/*", "application/json"),
        (2, "application/ld+json", 'application/ld+json;profile="http://iiif.io/api/image/2/context.json"'),
    ],
)
def test_the_media_type_of_a_description(site: FlaskClient, version: int, accept: str | None, media_type: str) -> None:
    answer = site.get(f"/iiif/image/{version}/{PAGE}/info.json", headers={"Accept": accept} if accept else {})
    assert answer.headers["Content-Type"] == media_type
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize("path", [IMAGE, f"{IMAGE}/"])
def test_the_base_address_leads_to_the_description(site: FlaskClient, path: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.location) == (303, f"http://localhost{IMAGE}/info.json")


@pytest.mark.parametrize(
    "path",
    [
        f"/iiif/image/3/{CLOSED_PAGE}",
        f"/iiif/image/3/{CLOSED_PAGE}/info.json",
        f"/iiif/image/2/{CLOSED_PAGE}/full/full/0/default.jpg",
        f"/iiif/image/3/{CLOSED_PAGE}/nonsense/max/0/default.jpg",
        f"/iiif/presentation/3/{CLOSED_ITEM}/manifest",
    ],
)
def test_what_is_closed_is_refused_in_one_sentence_and_not_kept(site: FlaskClient, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 401
    assert answer.json == {"error": {"message": "Tài liệu này chỉ đọc được tại thư viện.", "status": 401}}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{IMAGE}/full/5000,/0/default.jpg", 400),
        (f"{IMAGE}/full/^5000,/0/default.jpg", 501),
        (f"{IMAGE}/full/max/45/default.jpg", 501),
        ("/iiif/image/3/none/info.json", 404),
        ("/iiif/image/1/none/info.json", 404),
        ("/iiif/presentation/3/none/manifest", 404),
        ("/iiif/presentation/3/collection/none", 404),
        ("/iiif/presentation/3/collection/kind:none", 404),
        ("/iiif/presentation/3/collection/library:XX", 404),
        ("/iiif/presentation/3/collection/library:TN/9", 404),
        ("/iiif/presentation/3/collection/top/1", 404),
        (f"/iiif/presentation/3/collection/library:TN/{'9' * 30}", 404),
        (f"/iiif/search/2/{ITEM}?q=x&page={'9' * 30}", 200),
        (f"/iiif/search/2/{ITEM}?q=x&page=x", 200),
    ],
)
def test_refusals(site: FlaskClient, path: str, status: int) -> None:
    assert site.get(path).status_code == status


@pytest.mark.parametrize(
    "name",
    [f"{ITEM}/manifest", *(f"collection/{it}" for it in ("top", "library:TN", "library:TN/1", "kind:book"))],
)
def test_documents_keep_every_rule_and_have_the_address_they_were_asked_by(site: FlaskClient, name: str) -> None:
    document = site.get(f"/iiif/presentation/3/{name}").json
    assert document is not None
    assert check_presentation(document) == []
    assert document["id"] == f"http://localhost/iiif/presentation/3/{name}"


def test_search_2_marks_each_place_on_its_canvas(site: FlaskClient) -> None:
    answer = site.get(f"/iiif/search/2/{ITEM}?q=th%C3%A1i+nguy%C3%AAn&user=x")
    document = answer.json
    assert document is not None
    assert answer.content_type == 'application/ld+json;profile="http://iiif.io/api/search/2/context.json"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    canvas = f"http://localhost/iiif/presentation/3/{ITEM}/canvas/{PAGE}"
    assert [item["target"] for item in document["items"]] == [
        f"{canvas}#xywh=100,200,300,40",
        f"{canvas}#xywh=10,20,30,40",
    ]
    assert document["ignored"] == ["user"]


def test_search_1_says_the_same(site: FlaskClient) -> None:
    document = site.get(f"/iiif/search/1/{ITEM}?q=x").json
    assert document is not None
    assert len(document["resources"]) == 2
    assert document["hits"][0]["match"] == "Thái Nguyên"


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20"])
def test_a_search_for_nothing_finds_nothing(site: FlaskClient, query: str) -> None:
    answer = site.get(f"/iiif/search/2/{ITEM}{query}")
    assert answer.json is not None
    assert answer.json["items"] == []


def test_a_search_inside_what_is_closed_is_refused(site: FlaskClient) -> None:
    assert site.get(f"/iiif/search/2/{CLOSED_ITEM}?q=x").status_code == 401


def test_a_query_that_makes_no_sense_is_refused(site: FlaskClient) -> None:
    answer = site.get(f"/iiif/search/2/{ITEM}?q=-a")
    assert answer.status_code == 400
    assert answer.headers["Access-Control-Allow-Origin"] == "*"

"""Whatever stands in an address, the answer is a page or a plain refusal, never a failure."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = (
    "q",
    "library",
    "kind",
    "place",
    "from_year",
    "to_year",
    "sort",
    "page",
    "size",
    "group",
    "region",
    "n",
    "lang",
)
NASTY = (
    "", "0", "-1", "NaN", "1e308", "9" * 400, "٣", "²", "\x00", "\ud800", "a\u0300" * 50, "😀", "../../etc/passwd", "%",
    "%s%(x)s{0}{x}", '"', "((((((", "* OR -", "NEAR/0 a", "a*", "<b>", "đường", "Đ\u0323", "\u202e", "x" * 10_240,
)  # fmt: skip
values = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.integers().map(str))
arguments = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=6)


def address(path: str, pairs: list[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs, errors='surrogatepass')}"


@given(pairs=arguments)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_arguments_are_answered(shelves, pairs):
    client = shelves.browser()
    base = f"/items/{shelves.gazetteer}"
    for path in (
        "/",
        "/items",
        "/search",
        base,
        f"{base}/pages",
        f"{base}/pages/1",
        f"{base}/search",
        "/api/v1/search",
    ):
        answer = client.get(address(path, pairs))
        assert answer.status_code < 500, (path, pairs, answer.get_data(as_text=True)[:500])
        answer.close()


@given(part=st.one_of(values, st.text(min_size=1, max_size=20)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_identifier_is_answered(shelves, part):
    client = shelves.browser()
    name = quote(part[:2000], safe="", errors="surrogatepass")
    for path in (
        f"/items/{name}",
        f"/items/{name}/pages/1",
        f"/items/{shelves.gazetteer}/pages/{name}",
        f"/api/v1/items/{name}",
    ):
        assert client.get(path).status_code < 500, path


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_other_methods_are_refused_plainly(shelves, method):
    for path in ("/", "/search", "/api/v1/search"):
        assert 400 <= getattr(shelves.browser(), method)(path).status_code < 500

"""How a reader's line is understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.domain.errors import QueryRejected
from repository.domain.vietnamese import keys
from repository.search.query import And, Near, Not, Or, Phrase, Prefix, Query, Word, parse, stem_keys, words_of


def word(text: str) -> Word:
    return Word(keys(text))


def phrase(text: str) -> Phrase:
    return Phrase(tuple(map(keys, text.split())))


def prefix(text: str) -> Prefix:
    return Prefix(keys(text), stem_keys(text))


def both(*parts: Query) -> And:
    return And(parts)


CASES: list[tuple[str, Query]] = [
    ("chùa", word("chùa")),
    ("CHÙA", word("chùa")),
    ("địa chí", both(word("địa"), word("chí"))),
    ("địa AND chí", both(word("địa"), word("chí"))),
    ('"địa chí"', phrase("địa chí")),
    ("“địa chí”", phrase("địa chí")),
    ('"chùa"', word("chùa")),
    ("Việt-Nam", phrase("việt nam")),
    ("8.10.2020", phrase("8 10 2020")),
    ("70.000", word("70000")),
    ("hát -chèo", both(word("hát"), Not(word("chèo")))),
    ("hát NOT chèo", both(word("hát"), Not(word("chèo")))),
    ('hát -"hát then"', both(word("hát"), Not(phrase("hát then")))),
    ("hát -(chèo OR then)", both(word("hát"), Not(Or((word("chèo"), word("then")))))),
    ("đình OR chùa", Or((word("đình"), word("chùa")))),
    ("đình HOẶC chùa", Or((word("đình"), word("chùa")))),
    ("KHOA HỌC HOẶC", both(word("khoa"), word("học"), word("hoặc"))),
    ("đình làng OR chùa", Or((both(word("đình"), word("làng")), word("chùa")))),
    ("làng (đình OR chùa)", both(word("làng"), Or((word("đình"), word("chùa"))))),
    ("truyền*", prefix("truyền")),
    ("đình NEAR/5 làng", Near(word("đình"), word("làng"), 5)),
    ("đình NEAR làng", Near(word("đình"), word("làng"), 10)),
    ("a NEAR/2 b NEAR/3 c", both(Near(word("a"), word("b"), 2), Near(word("b"), word("c"), 3))),
    ('"địa chí" NEAR/4 tỉnh', Near(phrase("địa chí"), word("tỉnh"), 4)),
    ("(a OR b) NEAR/2 c", Or((Near(word("a"), word("c"), 2), Near(word("b"), word("c"), 2)))),
    ("or near", both(word("or"), word("near"))),
    ("2017 - 2020", both(word("2017"), word("2020"))),
    ("2017-2020", phrase("2017 2020")),
]


@pytest.mark.parametrize(("line", "tree"), CASES)
def test_understood(line: str, tree: Query) -> None:
    assert parse(line) == tree


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ('"địa chí', '"địa chí"'),
        ("(đình OR chùa", "đình OR chùa"),
        ("đình) chùa", "đình chùa"),
        ("đình OR", "đình"),
        ("OR đình", "đình"),
        ("đình OR OR chùa", "đình OR chùa"),
        ("đình NEAR/3", "đình"),
        ('"" đình ()', "đình"),
        ("--chùa đình", "-chùa đình"),
        ("đình, chùa!", "đình chùa"),
        ("  đình\u00a0chùa  ", "đình chùa"),
        ("OR", "or"),
        ("đình*chùa", '"đình chùa"'),
    ],
)
def test_slips_are_forgiven(slip: str, meant: str) -> None:
    assert parse(slip) == parse(meant)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "Chưa có từ nào"),
        ("  …  ", "Chưa có từ nào"),
        ("-", "Chưa có từ nào"),
        ("-chùa", "chỉ có từ phải loại trừ"),
        ("-đình -chùa", "chỉ có từ phải loại trừ"),
        ("đình OR -chùa", "chỉ có từ phải loại trừ"),
        ("đình NEAR/0 chùa", "từ 1 đến 50"),
        ("đình NEAR/51 chùa", "từ 1 đến 50"),
        ("(đình làng) NEAR/3 chùa", "Hai bên NEAR"),
        ('đình* NEAR/3 "chùa làng"', "dấu *"),
        ("a" * 1001, "1001 ký tự"),
        ("a " * 41, "41 từ"),
    ],
)
def test_refused_in_vietnamese(line: str, says: str) -> None:
    with pytest.raises(QueryRejected, match=says.replace("*", r"\*")):
        parse(line)


def test_what_is_left_out_is_compared_as_it_was_typed() -> None:
    assert Not(word("hát")).tier == 1
    assert Not(word("hat")).tier == 3
    assert Not(phrase("hát then")).tier == 1


QUERYISH = st.lists(
    st.sampled_from([*'()"*- “”', "OR ", " NEAR ", " NEAR/3 ", "NOT ", "đình", "chua ", "Việt-Nam", "\n", "7.000"]),
    max_size=25,
).map("".join)


@given(st.text(max_size=200) | QUERYISH)
def test_any_line_is_understood_or_refused(line: str) -> None:
    try:
        tree = parse(line)
    except QueryRejected:
        return
    assert 1 <= len(words_of(tree)) <= 40

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legacy_pdfs import to_bytes

from repository.domain.legacy_fonts import font_hint
from repository.domain.legacy_tables import TCVN3, VPS, Encoding, code
from repository.domain.legacy_text import decode, likely_encoding

LOWER = sorted(
    {
        unicodedata.normalize("NFC", vowel + tone)
        for vowel in "aăâeêioôơuưy"
        for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    }
    | set("bcdđghklmnpqrstvx")
)
ALL = LOWER + [letter.upper() for letter in LOWER]
# each with the letters it can write
ALPHABETS = {
    Encoding.TCVN3: LOWER + list("ĂÂÊÔƠƯĐ"),
    Encoding.VNI: ALL,
    Encoding.VISCII: ALL,
    Encoding.VPS: LOWER + [letter for letter in VPS.values() if letter.isupper()],
    Encoding.CP1258: ALL,
}
SENTENCE = "Đình làng dựng năm Cảnh Hưng thứ mười bảy, thờ Thục Phán An Dương Vương ở xã Cổ Loa"


def as_1252(data: bytes) -> str:
    """Bytes as a program that knows nothing of them shows them."""
    return "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte) for byte in data
    )


@pytest.mark.parametrize("encoding", ALPHABETS, ids=str)
def test_every_letter_goes_there_and_back(encoding: Encoding) -> None:
    for letter in ALPHABETS[encoding]:
        assert decode(as_1252(to_bytes(letter, encoding)), encoding) == letter
        assert decode(to_bytes(letter, encoding).decode("latin-1"), encoding) == letter


@pytest.mark.parametrize("encoding", ALPHABETS, ids=str)
@given(data=st.data())
def test_words_of_any_letters_go_there_and_back(encoding: Encoding, data: st.DataObject) -> None:
    word = "".join(data.draw(st.lists(st.sampled_from(ALPHABETS[encoding]), max_size=12)))

    assert decode(as_1252(to_bytes(word, encoding)), encoding) == word


@given(st.text(), st.sampled_from(Encoding))
def test_decoding_any_text_never_fails_and_gives_composed_letters(text: str, encoding: Encoding) -> None:
    decoded = decode(text, encoding)

    assert unicodedata.is_normalized("NFC", decoded)


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=20), st.sampled_from(Encoding))
def test_ascii_letters_and_digits_stay(text: str, encoding: Encoding) -> None:
    if encoding is not Encoding.VIQR:  # which writes đ as dd
        assert decode(text, encoding) == text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("th\u00ad", "thư"),
        ("n\u2212\u00edc", "nước"),
        ("x\u2219", "xã"),
        ("ph-\u00acng", "phương"),
        ("Th-", "Thư"),
        ("TH\u2022", "THư"),
        ("12-3", "12-3"),
        ("N\u00a7-CP", "NĐ-CP"),
        ("v\u03bc", "và"),
    ],
)
def test_what_pdfs_put_in_place_of_a_sign_of_tcvn3_is_understood(written: str, meant: str) -> None:
    assert decode(written, Encoding.TCVN3) == meant


def test_viqr_is_read_but_the_stop_of_a_sentence_stays() -> None:
    written = "Vie^.t Nam ddu+o+`ng co^.ng ho`a xa~ ho^.i. la`m?"

    assert " ".join(decode(word, Encoding.VIQR) for word in written.split()) == "Việt Nam đường cộng hòa xã hội. làm?"


def test_a_byte_is_found_again_however_it_was_named() -> None:
    assert [code(char) for char in "A¸€\u0080\uf0b8\u2212"] == [0x41, 0xB8, 0x80, 0x80, 0xB8, 0xAD]
    assert code("ế") is None
    assert set(TCVN3) <= set(range(256))


@pytest.mark.parametrize("encoding", ALPHABETS, ids=str)
def test_the_words_tell_the_encoding(encoding: Encoding) -> None:
    text = SENTENCE.lower() if encoding is Encoding.VPS else SENTENCE.replace("Đì", "đì")

    assert likely_encoding([as_1252(to_bytes(word, encoding)) for word in text.split()]) is encoding


def test_two_words_suffice_where_no_language_has_such_signs() -> None:
    assert likely_encoding(["v\u00b5o", "th\u00b8ng"]) is Encoding.TCVN3


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        "L'été fut très chaud à Hanoï, où l'évêque français était né, près de la forêt",
        "Höhe, Straße, Gäste und für Übungen; El niño español está aquí",
        "Pages 12-13: the report of 1998",
        "",
    ],
)
def test_text_that_is_in_unicode_already_is_left_alone(text: str) -> None:
    assert likely_encoding(text.split()) is Encoding.UNICODE


def test_a_font_that_promises_more_than_its_text_keeps_is_not_believed() -> None:
    assert likely_encoding(SENTENCE.split(), Encoding.TCVN3) is Encoding.UNICODE
    assert likely_encoding(["VIET", "NAM"], Encoding.TCVN3) is Encoding.TCVN3


@pytest.mark.parametrize(
    ("name", "encoding", "capitals"),
    [
        ("AARIQC+.VnTimeH,Bold", Encoding.TCVN3, True),
        ("FBHPFO+VnTimeHBold", Encoding.TCVN3, True),
        (".VnTime-BoldItalic", Encoding.TCVN3, False),
        (".Vn3DH", Encoding.TCVN3, True),
        (".VNARIALH", Encoding.TCVN3, True),
        ("vntime", Encoding.TCVN3, False),
        (".VnArial NarrowH", Encoding.TCVN3, True),
        ("VNI-Times,Bold", Encoding.VNI, False),
        ("ABCDEF+VNI-Helve-Condense", Encoding.VNI, False),
        ("VNITimes", Encoding.VNI, False),
        ("VPSTimes", Encoding.VPS, False),
        ("VNU-Times", None, False),
        ("Vnexpress", None, False),
        ("TimesNewRomanPS-BoldMT", None, False),
        ("", None, False),
    ],
)
def test_font_names_tell(name: str, encoding: Encoding | None, capitals: bool) -> None:
    hint = font_hint(name)

    assert (hint.encoding, hint.capitals) == (encoding, capitals)

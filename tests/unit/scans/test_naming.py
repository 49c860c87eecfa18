"""What file names tell about order, document and page number."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.scans import gaps, group, natural_key

NAMES = st.text(max_size=40)


def test_numbers_are_ordered_by_value_in_folders_and_files() -> None:
    names = ["tập 10/trang 1.jpg", "tập 2/trang 10.jpg", "tập 2/trang 9.jpg", "Tập 1/trang 100.jpg"]
    assert sorted(names, key=natural_key) == [
        "Tập 1/trang 100.jpg",
        "tập 2/trang 9.jpg",
        "tập 2/trang 10.jpg",
        "tập 10/trang 1.jpg",
    ]


def test_a_folder_comes_before_those_its_name_begins() -> None:
    assert sorted(["tập 1b/1.jpg", "tập 1/2.jpg"], key=natural_key) == ["tập 1/2.jpg", "tập 1b/1.jpg"]


@given(st.lists(st.integers(0, 10**12), unique=True))
def test_any_numbers_come_in_numeric_order(numbers: list[int]) -> None:
    names = [f"DC {number}.tif" for number in numbers]
    assert sorted(names, key=natural_key) == [f"DC {number}.tif" for number in sorted(numbers)]


@given(NAMES, NAMES)
def test_any_two_names_can_be_compared_and_only_equal_ones_are_equal(one: str, other: str) -> None:
    assert (natural_key(one) < natural_key(other)) != (natural_key(one) >= natural_key(other))
    assert (natural_key(one) == natural_key(other)) == (one == other)


def test_a_run_of_digits_longer_than_int_takes_is_no_trouble() -> None:
    assert natural_key("9" * 5000) < natural_key("1" + "0" * 5000)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DC0012_0001.tif", ("DC0012", 1)),
        ("DC0012-001.jpg", ("DC0012", 1)),
        ("DC 0012 (3).png", ("DC 0012", 3)),
        ("DC.0012.015.jp2", ("DC.0012", 15)),
        ("quét/DC0012_0007.tif", ("DC0012", 7)),
        ("DC0012_0007a.tif", ("DC0012", 7)),
        ("hương ước/0001.jpg", ("hương ước", 1)),
        ("hương ước/trang 12.jpg", ("hương ước", 12)),
        ("hương ước/IMG_0042.JPG", ("hương ước", 42)),
        ("hương ước/scan3.png", ("hương ước", 3)),
        ("Gia phả/tập 2/0001.jpg", ("Gia phả/tập 2", 1)),
        ("lô tháng 5/DC0012/0001.jpg", ("DC0012", 1)),
        ("DC0012/tif/0001.tif", ("DC0012", 1)),
        ("A/tập 02/ảnh/0001.tif", ("A/tập 02", 1)),
        ("0001.jpg", ("", 1)),
        ("(3).jpg", ("", 3)),
        ("LichSu.pdf", ("LichSu", None)),
        ("LichSu_1975.pdf", ("LichSu_1975", None)),
        ("DC0012.tif", ("DC0012", None)),
        ("bìa.jpg", ("bìa", None)),
        ("Ảnh 🏯 làng-02.jpg", ("Ảnh 🏯 làng", 2)),
        ("folder\\0003.jpg", ("folder", 3)),
    ],
)
def test_the_document_and_page_number_in_a_name(name: str, expected: tuple[str, int | None]) -> None:
    assert group(name) == expected


def test_a_name_in_decomposed_letters_belongs_to_the_same_document() -> None:
    name = "Địa chí Hà Đông_0003.tif"
    assert group(unicodedata.normalize("NFD", name)) == group(name) == ("Địa chí Hà Đông", 3)


@given(
    st.from_regex(r"[A-Z]{2}[0-9]{1,6}", fullmatch=True), st.integers(0, 99_999), st.sampled_from(["_", "-", " ", "."])
)
def test_every_numbering_with_a_separator_is_understood(code: str, number: int, mark: str) -> None:
    assert group(f"{code}{mark}{number:04d}.tif") == (code, number)


@given(NAMES)
def test_any_name_has_a_group(name: str) -> None:
    mark, number = group(name)
    assert isinstance(mark, str)
    assert number is None or number >= 0


def test_missing_numbers_are_listed() -> None:
    assert gaps([1, 2, 5, 7, 7]) == [3, 4, 6]
    assert gaps([]) == gaps([4]) == []


def test_another_numbering_is_no_gap() -> None:
    assert gaps([1, 2, 19_750_430]) == []


@given(st.sets(st.integers(1, 500)))
def test_numbers_and_gaps_together_have_no_hole(numbers: set[int]) -> None:
    missing = gaps(numbers)
    assert not numbers.intersection(missing)
    if numbers:
        assert sorted([*numbers, *missing]) == list(range(min(numbers), max(numbers) + 1))

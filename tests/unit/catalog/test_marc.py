"""What a sheet tells goes into MARC 21 and comes out again."""

import io

from hypothesis import given
from hypothesis import strategies as st
from pymarc import MARCReader

from repository.catalog.marc import description_of, marc_of
from repository.domain.records import Description, Kind

LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạ ÀĐ.,:0123456789-"
words = st.text(alphabet=LETTERS, min_size=1, max_size=60).filter(str.strip)
maybe = st.none() | words


@given(
    st.builds(
        Description,
        title=words,
        kind=st.sampled_from(Kind),
        author=maybe,
        place=maybe,
        publisher=maybe,
        summary=maybe,
        subjects=st.lists(words, max_size=4).map(tuple),
        rights=maybe,
        source=maybe,
    )
)
def test_a_description_survives_the_way_through_marc(description: Description) -> None:
    assert description_of(marc_of(description)) == description


def test_the_record_is_valid_marc_in_utf_8() -> None:
    description = Description("Địa chí Lạng Sơn", Kind.GAZETTEER, year=1999, place="Lạng Sơn")
    (record,) = MARCReader(io.BytesIO(marc_of(description)), to_unicode=True)
    assert record is not None
    assert record.leader[9] == "a"
    assert record["245"]["a"] == "Địa chí Lạng Sơn"
    assert record["651"]["a"] == "Lạng Sơn"


def test_the_year_is_read_from_the_printed_date() -> None:
    marc = marc_of(Description("x", date_text="[khoảng 1920]"))
    assert description_of(marc).year == 1920

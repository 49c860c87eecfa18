"""An object read by ranges is the same as the object, and few requests are made for it."""

import io

from hypothesis import given
from hypothesis import strategies as st

from repository.storage.minio_reading import FIRST, LARGEST, Ranges

CONTENT = bytes(range(256)) * 4096 * 3  # 3 MiB


@given(
    st.lists(
        st.tuples(st.sampled_from(["seek", "read", "back"]), st.integers(0, len(CONTENT) + 10)), min_size=1, max_size=20
    )
)
def test_any_walk_reads_what_a_file_would(steps: list[tuple[str, int]]) -> None:
    ranges = io.BufferedReader(Ranges(lambda at, length: CONTENT[at : at + length], len(CONTENT)), 64 << 10)
    file = io.BytesIO(CONTENT)
    for step, number in steps:
        if step == "read":
            assert ranges.read(number) == file.read(number)
        elif step == "seek":
            assert ranges.seek(number) == file.seek(number)
        else:
            number = min(number, len(CONTENT))
            assert ranges.seek(-number, io.SEEK_END) == file.seek(-number, io.SEEK_END)
        assert ranges.tell() == file.tell()


def test_reading_in_order_asks_for_more_and_more_up_to_a_bound() -> None:
    size = 64 << 20
    asked: list[tuple[int, int]] = []

    def fetch(at: int, length: int) -> bytes:
        asked.append((at, length))
        return bytes(length)

    with io.BufferedReader(Ranges(fetch, size), 64 << 10) as stream:
        while stream.read(1 << 20):
            pass
    assert asked[0] == (0, FIRST)
    assert max(length for _, length in asked) == LARGEST
    assert sum(length for _, length in asked) == size
    assert len(asked) < 16


def test_an_empty_object_asks_for_nothing() -> None:
    def fetch(at: int, length: int) -> bytes:
        raise AssertionError((at, length))

    assert io.BufferedReader(Ranges(fetch, 0)).read() == b""

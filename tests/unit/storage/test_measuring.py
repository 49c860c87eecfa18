"""A stream is hashed on its way, and what changed since it was measured is never given to its end."""

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.domain.errors import StoreFailed
from repository.storage.measuring import Checked, Measured, measured


@given(st.binary(max_size=5000), st.integers(1, 2000), st.integers(0, 100))
def test_what_was_measured_is_what_is_given(content: bytes, piece: int, before: int) -> None:
    stream = io.BytesIO(bytes(before) + content)
    stream.seek(before)
    with measured(stream, Path("/nowhere")) as source:
        assert (source.key, source.size) == (hashlib.sha256(content).hexdigest(), len(content))
        checked = Checked(source)
        given_back = b""
        while read := checked.read(piece):
            given_back += read
    assert given_back == content


@given(st.binary(min_size=1, max_size=3000), st.integers(0, 2999), st.integers(1, 700))
def test_a_changed_byte_withholds_the_end(content: bytes, place: int, piece: int) -> None:
    changed = bytearray(content)
    changed[place % len(content)] ^= 1
    checked = Checked(Measured(io.BytesIO(changed), hashlib.sha256(content).hexdigest(), len(content)))
    given_out = 0

    def send() -> None:
        nonlocal given_out
        while read := checked.read(piece):
            given_out += len(read)

    with pytest.raises(StoreFailed, match="không khớp"):
        send()
    assert given_out < len(content)


def test_a_stream_that_became_shorter_is_refused() -> None:
    checked = Checked(Measured(io.BytesIO(b"abc"), hashlib.sha256(b"abcdef").hexdigest(), 6))
    assert checked.read(3) == b"abc"
    with pytest.raises(StoreFailed):
        checked.read(3)


def test_what_was_added_at_the_end_meanwhile_is_left_out() -> None:
    checked = Checked(Measured(io.BytesIO(b"abcdef"), hashlib.sha256(b"abc").hexdigest(), 3))
    assert checked.read() == b"abc"
    assert checked.read() == b""


def test_an_unwritable_spool_is_named(tmp_path: Path) -> None:
    class OneWay(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"x"

    with pytest.raises(StoreFailed, match="nowhere"), measured(OneWay(), tmp_path / "nowhere"):  # type: ignore[arg-type]
        pass

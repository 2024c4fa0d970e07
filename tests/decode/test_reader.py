"""The cursor: whatever it is given, a value within bounds or an error with an offset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bindgen_patch.decode import writer
from bindgen_patch.decode.reader import Reader
from bindgen_patch.errors import GenerationError
from tests.decode.handmade import text, uleb

U32 = st.integers(0, 2**32 - 1)


@given(U32, st.integers(1, 5))
def test_unsigned_numbers_are_read_however_padded(value: int, width: int) -> None:
    reader = Reader(uleb(value, width) + b"rest")
    assert reader.u32() == value
    assert reader.left == 4


@given(U32)
def test_the_writer_writes_what_the_reader_reads(value: int) -> None:
    assert Reader(writer.uleb(value)).u32() == value
    assert writer.uleb(value) == uleb(value)


@given(st.integers(-(2**31), 2**31 - 1))
def test_signed_numbers(value: int) -> None:
    encoded = writer.sleb(value)
    assert Reader(encoded).s32() == Reader(encoded).s33() == Reader(encoded).s64() == value


@pytest.mark.parametrize("encoded", [uleb(2**32), uleb(2**35 - 1), b"\x80" * 5 + b"\0", b"\xff" * 9 + b"\x01"])
def test_numbers_that_do_not_fit_are_refused(encoded: bytes) -> None:
    with pytest.raises(GenerationError, match=r"integer too (long|large) \(at offset 0x0\)"):
        Reader(encoded).u32()


@pytest.mark.parametrize(("encoded", "read"), [(writer.sleb(2**31), Reader.s32), (writer.sleb(-(2**32) - 1), Reader.s33)])
def test_signed_numbers_that_do_not_fit_are_refused(encoded: bytes, read: object) -> None:
    assert callable(read)
    with pytest.raises(GenerationError, match="integer too large"):
        read(Reader(encoded))


@given(st.text())
def test_texts(value: str) -> None:
    reader = Reader(text(value))
    assert reader.text() == value
    reader.finish("a text")


def test_texts_are_utf8() -> None:
    with pytest.raises(GenerationError, match=r"not UTF-8 \(at offset 0x1\)"):
        Reader(b"\x02\xff\xfe").text()


@given(st.binary(max_size=40), st.lists(st.sampled_from(["byte", "u32", "s33", "s64", "u32_le", "text", "count"]), max_size=12))
def test_any_bytes_read_in_any_way_end_in_a_value_or_an_error(data: bytes, reads: list[str]) -> None:
    reader = Reader(data, 0, len(data) // 2 * 2)
    try:
        for read in reads:
            getattr(reader, read)()
            assert 0 <= reader.pos <= reader.end
    except GenerationError as error:
        assert "offset" in str(error)


def test_a_count_that_the_data_cannot_hold_allocates_nothing() -> None:
    with pytest.raises(GenerationError, match="a list claims 4294967295 items, but only 3 bytes follow"):
        Reader(uleb(2**32 - 1) + b"abc").vector(lambda: 0)


def test_a_reader_stays_in_its_part() -> None:
    outer = Reader(b"\x02ab\x01")
    part = outer.sub(outer.u32())
    assert part.take(2) == b"ab"
    with pytest.raises(GenerationError, match="unexpected end"):
        part.byte()
    with pytest.raises(GenerationError, match=r"1 bytes too many after x \(at offset 0x3\)"):
        outer.finish("x")

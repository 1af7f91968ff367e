"""Multipart as phones, browsers and libraries send it, in pieces of any size."""

from hashlib import sha256
from typing import SupportsIndex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanbridge.echo.multipart import (
    MAX_HEAD_BYTES,
    MAX_PARTS,
    MalformedMultipart,
    Multipart,
    Part,
    boundary_of,
)


def parse(body: bytes, boundary: bytes | None = b"1500000000000", step: int = 0) -> Multipart:
    """Feed a body, all of it or `step` bytes at a time."""
    form = Multipart(boundary)
    for at in range(0, len(body), step or len(body) or 1):
        form.feed(body[at : at + (step or len(body))])
    form.end()
    return form


def part(content: bytes, **said: str) -> Part:
    """A part as it is reported."""
    described: Part = {
        "name": said.get("name"),
        "filename": said.get("filename"),
        "content_type": said.get("content_type"),
        "size_bytes": len(content),
        "sha256": sha256(content).hexdigest(),
    }
    return described


PHONE = (
    b"--1500000000000\r\n"
    b'Content-Disposition: form-data; name="user"\r\n\r\n'
    b"test\r\n"
    b"--1500000000000\r\n"
    b'Content-Disposition: form-data; name="file"; filename="\xe5\xae\xa2\xe5\x8e\x85.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n"
    b"\xff\xd8\r\n--15\r\n\xff\xd9\r\n"
    b"--1500000000000--"
)
PHONES = [
    part(b"test", name="user"),
    part(
        b"\xff\xd8\r\n--15\r\n\xff\xd9",
        name="file",
        filename="客厅.jpg",
        content_type="image/jpeg",
    ),
]


@pytest.mark.parametrize("step", [0, 1, 2, 3, 7, 64])
@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\nepilogue", b"\n"])
def test_what_a_phone_sends(step: int, end: bytes) -> None:
    """A boundary of digits, bare UTF-8, and whatever behind the last delimiter, in any pieces."""
    form = parse(PHONE + end, step=step)
    assert (form.framing, form.complete) == ("multipart", True)
    assert form.parts == PHONES


@pytest.mark.parametrize("step", [0, 1, 5])
def test_without_the_last_delimiter(step: int) -> None:
    """What has come is reported, and that the end has not."""
    form = parse(PHONE.removesuffix(b"\r\n--1500000000000--"), step=step)
    assert form.parts == PHONES
    assert not form.complete


def test_the_boundary_is_read_off_where_none_is_told() -> None:
    """A header without the parameter is mended by the first line."""
    assert parse(PHONE, None).parts == PHONES
    assert parse(PHONE, None, 1).parts == PHONES


@pytest.mark.parametrize(
    "body",
    [b"", b"-", b"--", b"raw", b"\r\nraw", b"--150000000000", b"--other\r\n\r\n", b"\r\n" * 50],
)
@pytest.mark.parametrize("step", [0, 1])
def test_a_body_that_is_no_multipart(body: bytes, step: int) -> None:
    """It is one part, byte for byte, whatever its header says."""
    form = parse(body, step=step)
    assert (form.framing, form.complete) == ("raw", True)
    assert form.parts == [part(body)]


def test_bytes_that_only_begin_like_the_delimiter() -> None:
    """A longer word is content: another timestamp, or the delimiter within a line."""
    content = b"a\r\n--15000000000001\r\n--1500000000000x\r\n--"
    form = parse(b"--1500000000000\r\n\r\n" + content + b"\r\n--1500000000000--", step=1)
    assert form.parts == [part(content)]


@pytest.mark.parametrize(
    ("header", "name", "filename"),
    [
        ('form-data; name="a"', "a", None),
        ("form-data; name=a; filename=b.txt", "a", "b.txt"),
        ('form-data; NAME="a"; FileName=""', "a", ""),
        (r'form-data; name="a\"b\\c"; filename="x;y=z.txt"', 'a"b\\c', "x;y=z.txt"),
        ("form-data; name=\"a\"; filename*=UTF-8''%E5%AE%A2%20a.txt", "a", "客 a.txt"),
        ('form-data; name="a"; filename="x"; filename*=utf-8\'zh\'%E5%8E%85', "a", "厅"),
        ("form-data; name=\"a\"; filename*=gbk''%BF%CD", "a", "gbk''%BF%CD"),
        ("form-data", None, None),
        ("", None, None),
    ],
)
def test_names(header: str, name: str | None, filename: str | None) -> None:
    """Quoted, bare, escaped and RFC 8187 names are read as they are meant."""
    body = f"--1\r\ncontent-disposition: {header}\r\n\r\n\r\n--1--".encode()
    (only,) = parse(body, b"1").parts
    assert (only["name"], only["filename"], only["size_bytes"]) == (name, filename, 0)


class Counted(bytes):
    """Bytes that count how many were copied."""

    copied = 0

    def __getitem__(self, key: SupportsIndex | slice) -> bytes:  # type: ignore[override]
        assert isinstance(key, slice)
        return self.counted(super().__getitem__(key))

    def __radd__(self, before: bytes) -> bytes:
        return self.counted(bytes(before) + bytes(self))

    def __add__(self, behind: bytes) -> bytes:  # type: ignore[override]
        return self.counted(bytes(self) + bytes(behind))

    @classmethod
    def counted(cls, data: bytes) -> bytes:
        """A copy that was made."""
        cls.copied += len(data)
        return cls(data)


@pytest.mark.parametrize(
    "piece", [b"\r\n--1x", b"\r\n--1\r\n\r\n", b"\r\n", b"\r\n\r\n", b"\r\n--"]
)
def test_the_work_is_proportional_to_the_body(piece: bytes) -> None:
    """However often something in it looks like a delimiter: bytes are copied two times, not n."""
    form, body = Multipart(b"1"), piece * 200
    form.feed(b"--1\r\n\r\n")
    Counted.copied = 0
    form.feed(Counted(body))
    form.end()
    assert len(body) <= Counted.copied <= 3 * len(body)


def test_names_that_are_no_utf8() -> None:
    """They are shown with replacement characters, and nothing else suffers."""
    body = b'--1\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\na\r\n--1--'
    (only,) = parse(body, b"1").parts
    assert (only["name"], only["size_bytes"]) == ("\ufffd\ufffd", 1)


@pytest.mark.parametrize("step", [0, 100])
def test_limits(step: int) -> None:
    """Heads and parts have an end, however they come."""
    with pytest.raises(MalformedMultipart, match="headers of a part"):
        parse(b"--1\r\na: " + b"b" * MAX_HEAD_BYTES * 2, b"1", step)
    with pytest.raises(MalformedMultipart, match="more than 256 parts"):
        parse(b"--1\r\n\r\n\r\n" * (MAX_PARTS + 2), b"1", step)
    with pytest.raises(MalformedMultipart, match="bytes in all"):
        parse((b"--1\r\na: " + b"b" * 8000 + b"\r\n\r\n\r\n") * 9, b"1", step)


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=1500000000000", b"1500000000000"),
        ('multipart/form-data; charset=utf-8; Boundary="a b"', b"a b"),
        (
            "multipart/form-data;boundary=----WebKitFormBoundaryAbC;x=y",
            b"----WebKitFormBoundaryAbC",
        ),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ("", None),
    ],
)
def test_boundaries(header: str, boundary: bytes | None) -> None:
    """The parameter is found in any place, quoted or not."""
    assert boundary_of(header) == boundary


@given(
    st.lists(st.binary(max_size=60), min_size=1, max_size=5),
    st.integers(min_value=1, max_value=90),
)
def test_any_content_in_any_pieces(contents: list[bytes], step: int) -> None:
    """Sizes and hashes are those of what was sent."""
    contents = [content.replace(b"--1500", b"") for content in contents]
    body = b"".join(b"--1500000000000\r\n\r\n%b\r\n" % content for content in contents)
    form = parse(body + b"--1500000000000--\r\n", step=step)
    assert form.parts == [part(content) for content in contents]


@given(st.binary(max_size=200), st.integers(min_value=1, max_value=50))
def test_garbage(body: bytes, step: int) -> None:
    """Anything is read to its end or refused, and in any pieces with the same result."""
    body = body.replace(b"a", b"--1").replace(b"b", b"\r\n")
    assert parse(body, b"1", step).parts == parse(body, b"1").parts

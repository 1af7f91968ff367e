"""multipart/form-data as real clients send it (RFC 7578), measured and not kept. Pure.

Tolerated, for phones do it: a boundary of digits alone, file names in bare UTF-8, nothing behind
the last delimiter or no such delimiter, and a body that is no multipart though its header says so.
"""

import hashlib
import re
from typing import TypedDict
from urllib.parse import unquote

MAX_PARTS = 256  # four bytes of body make a part, and a part two hundred of answer
MAX_HEAD_BYTES = 8_192  # of one part's headers
# The attack: 2 MiB of them, whose names are kept until the body ends, as text of 4 bytes a letter.
MAX_HEADS_BYTES = 65_536  # of the headers of all parts; real ones have 150 each
MAX_BOUNDARY_BYTES = 200  # RFC 2046 §5.1.1 has 70

_BOUNDARY = re.compile(r'\bboundary\s*=\s*(?:"([^"]+)"|([^\s;,"]+))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


class MalformedMultipart(ValueError):
    """A clause on what is wrong with it."""


class Description(TypedDict):
    """Of a part, by its headers; None is what they do not say."""

    name: str | None
    filename: str | None
    content_type: str | None


class Part(Description):
    """A part that has been read."""

    size_bytes: int
    sha256: str


def boundary_of(content_type: str) -> bytes | None:
    """The boundary that a Content-Type header names, if it does."""
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2]).encode("latin-1")[:MAX_BOUNDARY_BYTES] if found else None


class Multipart:
    """Feed it the body, then `end` it.

    boundary: as in the header; None reads it off the first line of the body, if that is one.
    framing: `multipart`, or `raw` for a body without it, which is then the only part. complete:
    whether the last delimiter has been seen. Holds no more than a delimiter, or a part's headers.
    """

    def __init__(self, boundary: bytes | None) -> None:
        self.framing = ""  # until the first bytes have told
        self.complete = False
        self.parts: list[Part] = []
        self._boundary = boundary
        self._delimiter = re.compile(b"")  # with what is behind it on its line
        self._delimiter_bytes = 0
        self._pending = b""
        self._at = 0  # how much of it has been read; to cut that off at each step is quadratic
        self._in_head = False
        self._heads_bytes = 0
        self._open: Description | None = None
        self._size_bytes = 0
        self._hash = hashlib.sha256()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body. Raises MalformedMultipart."""
        self._pending += data
        self.framing = self.framing or self._recognise(at_end=False)
        if self.framing == "raw":
            self._count(len(self._pending))
        elif self.framing:
            while not self.complete and (self._read_head() if self._in_head else self._read_body()):
                pass
            if self.complete:
                self._at = len(self._pending)  # an epilogue is for nobody
        self._pending, self._at = self._pending[self._at :], 0

    def end(self) -> None:
        """The body is complete; what is left of it belongs to the part that is open."""
        self.framing = self.framing or self._recognise(at_end=True)
        self.complete = self.complete or self.framing == "raw"
        self._count(len(self._pending))
        self._close()

    def _recognise(self, *, at_end: bool) -> str:
        """The framing, or nothing while the bytes so far could begin either."""
        start = self._pending.removeprefix(b"\r\n")[: MAX_BOUNDARY_BYTES + 4]
        if self._boundary is None and start.startswith(b"--"):
            line, newline, _ = start.partition(b"\r\n")
            if newline:
                self._boundary = line[2:]
            elif len(start) < MAX_BOUNDARY_BYTES + 4 and not at_end:
                return ""
        delimiter = b"--" + (self._boundary or b"\r\n")
        if start.startswith(delimiter):
            # What goes on otherwise is a longer word that only begins like it. The attack: one
            # every six bytes, which must cost nothing here.
            self._delimiter = re.compile(b"\r\n" + re.escape(delimiter) + rb"(--|[\r \t].)", re.S)
            self._delimiter_bytes = len(delimiter) + 4
            self._pending = b"\r\n" + self._pending.removeprefix(b"\r\n")
            return "multipart"
        if delimiter.startswith(start) and not at_end:
            return ""
        self._open = {"name": None, "filename": None, "content_type": None}
        return "raw"

    def _read_body(self) -> bool:
        """Read up to the next delimiter; returns whether it is here."""
        found = self._delimiter.search(self._pending, self._at)
        if not found:
            # The last bytes may be the first ones of a delimiter.
            self._count(max(self._at, len(self._pending) - self._delimiter_bytes + 1))
            return False
        self._count(found.start())
        self._close()
        self.complete = found[1] == b"--"
        self._in_head = True
        self._at = found.start(1)
        return True

    def _read_head(self) -> bool:
        """Read the rest of the delimiter's line, and headers up to the empty line."""
        pending, at = self._pending, self._at
        end = pending.find(b"\r\n\r\n", at)
        if (end if end >= 0 else len(pending)) - at > MAX_HEAD_BYTES:
            raise MalformedMultipart(f"the headers of a part have more than {MAX_HEAD_BYTES} bytes")
        if end < 0:
            return False
        if len(self.parts) >= MAX_PARTS:
            raise MalformedMultipart(f"it has more than {MAX_PARTS} parts")
        self._heads_bytes += end - at
        if self._heads_bytes > MAX_HEADS_BYTES:
            raise MalformedMultipart(f"its headers have more than {MAX_HEADS_BYTES} bytes in all")
        self._open = _describe(pending[at:end].decode("utf-8", "replace"))
        self._in_head = False
        self._at = end + 4
        return True

    def _count(self, end: int) -> None:
        """The bytes up to this one are content of the part that is open, or of none."""
        if self._open is not None:
            self._size_bytes += end - self._at
            self._hash.update(memoryview(self._pending)[self._at : end])
        self._at = end

    def _close(self) -> None:
        if self._open is not None:
            digest = self._hash.hexdigest()
            self.parts.append({**self._open, "size_bytes": self._size_bytes, "sha256": digest})
        self._open, self._size_bytes, self._hash = None, 0, hashlib.sha256()


def _describe(head: str) -> Description:
    headers: dict[str, str] = {}
    for line in head.split("\r\n"):
        key, _, value = line.partition(":")
        headers.setdefault(key.strip().lower(), value.strip())
    given: dict[str, str] = {}
    for key, quoted, bare in _PARAMETER.findall(headers.get("content-disposition", "")):
        given.setdefault(key.lower(), re.sub(r'\\(["\\])', r"\1", quoted) or bare)
    if extended := given.get("filename*"):  # RFC 7578 §4.2 forbids it, and clients send it
        encoding, _, rest = extended.partition("'")
        known = encoding.lower() == "utf-8"
        given["filename"] = unquote(rest.partition("'")[2]) if known else extended
    return {
        "name": given.get("name"),
        "filename": given.get("filename"),
        "content_type": headers.get("content-type"),
    }

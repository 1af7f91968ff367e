"""Files that arrive in chunks: what is known of each, though nothing of it is kept. Pure."""

import hashlib
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_CHUNKS = 1_024  # of one file
# The attack: begin files without end. Of the client with the most of them, the one is forgotten
# that was touched longest ago.
MAX_FILES = 32
MAX_IDLE_S = 3_600.0
_NAMED = 8  # missing chunks that are named in a sentence


class Chunk(NamedTuple):
    """What is left of a chunk."""

    size_bytes: int
    sha256: str


@dataclass
class Transfer:
    """One file. `total_chunks`, `total_bytes`: as its client last said, None before it did.

    hashed: of the chunks that came one after the other from 0 on, as long as all did; a client
    that sends several at once has its chunks hashed, and not the file. touched_s: of any clock.
    """

    chunks: dict[int, Chunk] = field(default_factory=dict)
    total_chunks: int | None = None
    total_bytes: int | None = None
    in_order: int = 0
    hashed: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    touched_s: float = 0.0

    @property
    def size_bytes(self) -> int:
        return sum(chunk.size_bytes for chunk in self.chunks.values())

    @property
    def sha256(self) -> str | None:
        """Of the whole file, where it is known."""
        return self.hashed.hexdigest() if self.in_order == len(self.chunks) > 0 else None

    def faults(self) -> list[str]:
        """What of the file is missing or does not agree; nothing when it is complete."""
        total = self.total_chunks
        if total is None:
            return ["no chunk has arrived"]
        faults = []
        if missing := [index for index in range(total) if index not in self.chunks]:
            named = ", ".join(map(str, missing[:_NAMED])) + ", …" * (len(missing) > _NAMED)
            faults.append(f"{len(missing)} of {total} chunks are missing: {named}")
        elif len(self.chunks) > total:
            faults.append(f"there are {len(self.chunks)} chunks, not {total}")
        elif self.total_bytes != self.size_bytes:
            faults.append(f"the chunks have {self.size_bytes} bytes, not {self.total_bytes}")
        return faults


class Arrival:
    """A chunk that is arriving: `feed` it, then `commit`; one that breaks off leaves no trace."""

    def __init__(self, transfer: Transfer, index: int) -> None:
        self.size_bytes = 0
        self._transfer = transfer
        self._index = index
        self._hash = hashlib.sha256()
        self._hashed = transfer.hashed.copy() if index == transfer.in_order else None

    def feed(self, data: bytes) -> None:
        self.size_bytes += len(data)
        self._hash.update(data)
        if self._hashed:
            self._hashed.update(data)

    def commit(self) -> Chunk:
        """The chunk is complete."""
        transfer, chunk = self._transfer, Chunk(self.size_bytes, self._hash.hexdigest())
        if transfer.chunks.get(self._index, chunk) != chunk:
            transfer.in_order = -1  # another one than was hashed: never again in order
        transfer.chunks[self._index] = chunk
        if self._hashed and self._index == transfer.in_order:
            transfer.hashed, transfer.in_order = self._hashed, transfer.in_order + 1
        return chunk


class Transfers:
    """The files of all clients, by address and identifier."""

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[str, str], Transfer] = OrderedDict()  # longest idle first

    def find(self, address: str, identifier: str, now_s: float) -> Transfer | None:
        """The file, if it is known and not forgotten."""
        found = self._files.get((address, identifier))
        if found is None or found.touched_s + MAX_IDLE_S < now_s:
            return None
        found.touched_s = now_s
        self._files.move_to_end((address, identifier))
        return found

    def begin(self, address: str, identifier: str, now_s: float) -> Transfer:
        """A new file, in place of the one of this identifier."""
        transfer = self._files[address, identifier] = Transfer(touched_s=now_s)
        self._files.move_to_end((address, identifier))
        if len(self._files) > MAX_FILES:
            (most, _), *_ = Counter(owner for owner, _ in self._files).most_common(1)
            del self._files[next(key for key in self._files if key[0] == most)]
        return transfer

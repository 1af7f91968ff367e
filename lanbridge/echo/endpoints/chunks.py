"""`/echo/chunks/verify`, `/upload`, `/merge`: files too large for wx.uploadFile, chunk by chunk.

The protocol of Tencent's miniprogram-file-uploader, whose options are then `verifyUrl`,
`uploadUrl` and `mergeUrl`. Nothing is kept of a file but the sizes and hashes of its chunks. So
merge can say that all have arrived, what each was, and that they add up to the size told; of the
whole it has the hash only where chunks came one after the other (`maxConcurrency: 1`).
"""

import asyncio

from lanbridge.echo.bodies import MAX_UPLOAD_BYTES, pieces
from lanbridge.echo.call import Call, Problem, whole
from lanbridge.echo.responses import answer
from lanbridge.echo.transfers import MAX_CHUNKS, Arrival, Transfer, Transfers

MAX_CHUNK_BYTES = 16 * 1024 * 1024
MAX_IDENTIFIER_LENGTH = 128


class Upload:
    """One step of one file, by what the client says about it in the query."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self._given = call.query()
        # Tencent's own example of a server has it as fileHash.
        self._identifier = self._given.get("identifier") or self._given.get("fileHash", "")
        if not 1 <= len(self._identifier) <= MAX_IDENTIFIER_LENGTH:
            detail = f"identifier must have 1 to {MAX_IDENTIFIER_LENGTH} characters."
            raise Problem(422, "invalid-input", detail)

    def told(self, name: str, lowest: int, highest: int) -> int:
        """A number that the client gave."""
        return whole(self._given.get(name, ""), name, lowest, highest)

    def transfer(self, *, begin: bool = False) -> Transfer | None:
        """What is known of the file; it belongs to the address that it comes from."""
        transfers = self.call.room.one(Transfers)
        key = (self.call.address, self._identifier)
        now_s = asyncio.get_running_loop().time()
        return transfers.find(*key, now_s) or (transfers.begin(*key, now_s) if begin else None)


async def chunks(call: Call) -> None:
    """Take the step that the path names. `errCode` is there for clients of Tencent's example."""
    if call.rest not in _STEPS:
        raise Problem(404, "not-found", f"there are {', '.join(_STEPS)} below /echo/chunks.")
    if (call.header(b"content-type") or "").lower().startswith("multipart/form-data"):
        # One of the statuses after which the client of Tencent does not try again.
        detail = "a chunk is the raw bytes of a wx.request; wx.uploadFile goes to /echo/upload."
        raise Problem(415, "chunk-framing", detail)
    await _STEPS[call.rest](Upload(call))


async def verify(upload: Upload) -> None:
    """Which chunks are here; a file that is complete needs no upload."""
    upload.call.allow("GET", "HEAD")
    transfer = upload.transfer() or Transfer()
    here = {"needUpload": bool(transfer.faults()), "uploadedChunks": sorted(transfer.chunks)}
    await answer(upload.call, {"errCode": 0, "url": "", **here})


async def take(upload: Upload) -> None:
    """Take one chunk. One that is cut short is answered 400: the client sends it again."""
    upload.call.allow("POST", "PUT")
    total_chunks = upload.told("totalChunks", 1, MAX_CHUNKS)
    index = upload.told("index", 0, total_chunks - 1)
    total_bytes = upload.told("totalSize", 0, MAX_UPLOAD_BYTES)
    told_bytes = upload.told("chunkSize", 0, MAX_CHUNK_BYTES)
    expected_bytes = _expected(index, total_chunks, total_bytes, told_bytes)
    transfer = upload.transfer(begin=True)
    assert transfer
    arrival = Arrival(transfer, index)
    async for piece in pieces(upload.call, MAX_CHUNK_BYTES):
        arrival.feed(piece)
    if arrival.size_bytes != expected_bytes:
        detail = f"chunk {index} has {arrival.size_bytes} bytes, not {expected_bytes}"
        raise Problem(400, "chunk-size", f"{detail}; send it again.")
    transfer.total_chunks, transfer.total_bytes = total_chunks, total_bytes
    await answer(upload.call, {"errCode": 0, "index": index, **arrival.commit()._asdict()})


def _expected(index: int, total_chunks: int, total_bytes: int, told_bytes: int) -> int:
    """How long the chunk must be. Raises Problem 422 where the numbers contradict each other."""
    others = total_chunks - 1
    last_bytes = total_bytes - others * told_bytes
    if min(1, others) <= last_bytes <= told_bytes:
        return told_bytes if index < others else last_bytes
    # Of the last one, some versions tell its size, and others that of the chunks before it.
    if index == others > 0 and told_bytes > 0:
        each_bytes, rest_bytes = divmod(total_bytes - told_bytes, others)
        if told_bytes <= each_bytes and not rest_bytes:
            return told_bytes
    detail = f"{total_chunks} chunks of {told_bytes} bytes are no file of {total_bytes} bytes"
    rule = "totalChunks is totalSize divided by chunkSize, rounded up"
    raise Problem(422, "invalid-input", f"{detail}: {rule}.")


async def merge(upload: Upload) -> None:
    """What is known of the file, once it is complete."""
    upload.call.allow("GET", "HEAD", "POST")
    transfer = upload.transfer()
    if transfer is None:
        raise Problem(404, "not-found", "no chunk of this file has arrived.")
    if faults := transfer.faults():
        raise Problem(409, "incomplete", f"the file is not complete: {'; '.join(faults)}.")
    each = [transfer.chunks[index]._asdict() for index in sorted(transfer.chunks)]
    known = {"size_bytes": transfer.size_bytes, "sha256": transfer.sha256, "chunks": each}
    await answer(upload.call, {"errCode": 0, "url": "", **known})


_STEPS = {"verify": verify, "upload": take, "merge": merge}
HTTP = {"chunks": chunks}

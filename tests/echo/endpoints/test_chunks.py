"""`/echo/chunks`: the steps of Tencent's uploader, in the order in which it takes them."""

from hashlib import sha256

import httpx2
import pytest

CHUNKS = [b"a" * 1000, b"b" * 1000, b"c" * 500]
FILE = b"".join(CHUNKS)
TOLD = {"fileName": "a.bin", "totalChunks": "3", "totalSize": "2500"}


async def send(
    client: httpx2.AsyncClient, number: int, body: bytes | None = None, **query: str
) -> httpx2.Response:
    """Upload one chunk as the uploader does."""
    chunk = CHUNKS[number]
    told = {"identifier": "f", "index": str(number), "chunkSize": str(len(chunk)), **TOLD, **query}
    headers = {"Content-Type": "application/octet-stream"}
    content = chunk if body is None else body
    return await client.post("/echo/chunks/upload", params=told, content=content, headers=headers)


async def get(client: httpx2.AsyncClient, step: str, **query: str) -> httpx2.Response:
    """Verify or merge, which are both GET."""
    return await client.get(f"/echo/chunks/{step}", params={"identifier": "f", **query})


async def test_a_file_in_order(client: httpx2.AsyncClient) -> None:
    """Verify names what is there, merge knows every chunk and the hash of the whole."""
    nothing = (await get(client, "verify")).json()
    assert (nothing["needUpload"], nothing["uploadedChunks"]) == (True, [])
    for index in range(3):
        answer = (await send(client, index)).json()
        assert answer["sha256"] == sha256(CHUNKS[index]).hexdigest()
    whole = (await get(client, "verify")).json()
    assert (whole["needUpload"], whole["uploadedChunks"]) == (False, [0, 1, 2])
    merged = (await get(client, "merge")).json()
    assert merged["errCode"] == 0
    assert merged["size_bytes"] == len(FILE)
    assert merged["sha256"] == sha256(FILE).hexdigest()
    assert [chunk["size_bytes"] for chunk in merged["chunks"]] == [1000, 1000, 500]


async def test_a_file_in_any_order(client: httpx2.AsyncClient) -> None:
    """Chunks that come as they like are all known, and the hash of the whole is not."""
    for index in (2, 0, 1):
        assert (await send(client, index)).status_code == 200
    merged = (await get(client, "merge")).json()
    assert merged["sha256"] is None
    assert len(merged["chunks"]) == 3


async def test_the_names_of_the_example_server(client: httpx2.AsyncClient) -> None:
    """The identifier may be called fileHash, and the last chunkSize be that of the others."""
    for index in range(3):
        answer = await send(client, index, identifier="", fileHash="f", chunkSize="1000")
        assert answer.status_code == 200
    assert (await client.get("/echo/chunks/merge?fileHash=f")).status_code == 200


async def test_what_is_missing_is_told(client: httpx2.AsyncClient) -> None:
    """Merge refuses an incomplete file with a status at which the client tries again."""
    assert (await get(client, "merge")).status_code == 404
    await send(client, 1)
    merged = await get(client, "merge")
    assert merged.status_code == 409
    assert "2 of 3 chunks are missing: 0, 2" in merged.json()["detail"]


async def test_a_chunk_that_is_cut_short_leaves_no_trace(client: httpx2.AsyncClient) -> None:
    """It is answered 400, and counts as not sent."""
    assert (await send(client, 0, b"a" * 999)).status_code == 400
    assert (await get(client, "verify")).json()["uploadedChunks"] == []


async def test_a_last_chunk_of_another_length_leaves_no_trace(client: httpx2.AsyncClient) -> None:
    """Its length follows from the others, whichever of both is told."""
    for told in ("500", "1000"):
        for body in (b"c" * 499, b"c" * 501):
            answer = await send(client, 2, body, chunkSize=told)
            assert answer.status_code == 400
            assert f"has {len(body)} bytes, not 500" in answer.json()["detail"]
    assert (await get(client, "verify")).json()["uploadedChunks"] == []


@pytest.mark.parametrize(
    ("index", "told"),
    [
        ("0", (9, 12, 5)),
        ("0", (2, 12, 5)),
        ("8", (9, 12, 5)),
        ("2", (3, 12, 3)),
        ("2", (3, 12, 7)),
        ("2", (3, 12, 0)),
        ("2", (3, 4, 3)),
        ("0", (1, 12, 5)),
        ("0", (1, 12, 0)),
        ("0", (2, 0, 0)),
    ],
    ids=str,
)
async def test_numbers_that_contradict_each_other(
    client: httpx2.AsyncClient, index: str, told: tuple[int, int, int]
) -> None:
    """They are refused with the first chunk, not when all have arrived."""
    numbers = dict(zip(("totalChunks", "totalSize", "chunkSize"), map(str, told), strict=True))
    answer = await send(client, 0, b"", **numbers, index=index)
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(
        f"no file of {told[1]} bytes: totalChunks is totalSize divided by chunkSize, rounded up."
    )


@pytest.mark.parametrize(
    ("index", "told", "length"),
    [
        ("0", (1, 12, 12), 12),
        ("0", (1, 12, 5000), 12),
        ("0", (1, 0, 5000), 0),
        ("0", (1, 0, 0), 0),
        ("2", (3, 15, 5), 5),
        ("2", (3, 12, 5), 2),
        ("2", (3, 12, 2), 2),
        ("1", (3, 12, 5), 5),
        ("2", (3, 3, 1), 1),
    ],
    ids=str,
)
async def test_numbers_that_agree(
    client: httpx2.AsyncClient, index: str, told: tuple[int, int, int], length: int
) -> None:
    """With a chunk of the length that follows from them."""
    numbers = dict(zip(("totalChunks", "totalSize", "chunkSize"), map(str, told), strict=True))
    assert (await send(client, 0, b"a" * length, **numbers, index=index)).status_code == 200


@pytest.mark.parametrize(
    "query", ["?identifier=f&index=0&chunkSize=5&totalChunks=1&totalSize=5", ""]
)
async def test_what_wx_upload_file_sends_is_told_where_to_go(
    client: httpx2.AsyncClient, query: str
) -> None:
    """With a status at which the client does not try again; its fields are in the body, perhaps."""
    files = {"file": ("a.bin", b"hello")}
    answer = await client.post(f"/echo/chunks/upload{query}", files=files)
    assert (answer.status_code, answer.json()["code"]) == (415, "chunk-framing")
    assert "raw bytes of a wx.request" in answer.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        {"identifier": ""},
        {"identifier": "x" * 129},
        {"index": "3"},
        {"index": "-1"},
        {"totalChunks": "1025"},
        {"totalSize": "268435457"},
        {"chunkSize": "16777217"},
        {"chunkSize": ""},
    ],
    ids=str,
)
async def test_what_makes_no_sense(client: httpx2.AsyncClient, query: dict[str, str]) -> None:
    """A number beyond its limit is refused before the body is read."""
    assert (await send(client, 0, None, **query)).status_code == 422


async def test_there_is_no_other_step(client: httpx2.AsyncClient) -> None:
    """Each step has its method, and there are three."""
    assert (await get(client, "delete")).status_code == 404
    assert (await client.get("/echo/chunks/upload?identifier=f")).status_code == 405
    assert (await client.put("/echo/chunks/verify?identifier=f")).status_code == 405

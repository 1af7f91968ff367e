"""Files in chunks: what is known of them, and for how long."""

from hashlib import sha256

from lanbridge.echo.transfers import MAX_FILES, MAX_IDLE_S, Arrival, Transfer, Transfers


def arrive(transfer: Transfer, index: int, data: bytes) -> None:
    """A chunk arrives in two pieces."""
    arrival = Arrival(transfer, index)
    arrival.feed(data[:3])
    arrival.feed(data[3:])
    arrival.commit()


def test_a_chunk_that_breaks_off_is_as_if_it_never_was() -> None:
    """The hash of the whole goes on with the chunk that is sent again."""
    transfer = Transfer(total_chunks=2, total_bytes=8)
    arrive(transfer, 0, b"abcd")
    Arrival(transfer, 1).feed(b"ef")
    assert transfer.faults() == ["1 of 2 chunks are missing: 1"]
    arrive(transfer, 1, b"efgh")
    assert transfer.faults() == []
    assert transfer.sha256 == sha256(b"abcdefgh").hexdigest()


def test_a_chunk_that_is_sent_twice() -> None:
    """The same bytes again change nothing; others make the hash of the whole unknown."""
    transfer = Transfer(total_chunks=1, total_bytes=4)
    arrive(transfer, 0, b"abcd")
    arrive(transfer, 0, b"abcd")
    assert transfer.sha256 == sha256(b"abcd").hexdigest()
    arrive(transfer, 0, b"abcx")
    assert transfer.sha256 is None
    assert transfer.faults() == []


def test_chunks_at_once() -> None:
    """Two that arrive at the same time are both known, and the whole is not hashed."""
    transfer = Transfer(total_chunks=2, total_bytes=2)
    first, second = Arrival(transfer, 0), Arrival(transfer, 1)
    second.feed(b"b")
    first.feed(b"a")
    second.commit()
    first.commit()
    assert transfer.faults() == []
    assert transfer.sha256 is None


def test_what_does_not_agree() -> None:
    """Each fault is a clause."""
    transfer = Transfer()
    assert transfer.faults() == ["no chunk has arrived"]
    arrive(transfer, 0, b"abcd")
    transfer.total_chunks, transfer.total_bytes = 1, 5
    assert transfer.faults() == ["the chunks have 4 bytes, not 5"]
    arrive(transfer, 1, b"e")
    assert transfer.faults() == ["there are 2 chunks, not 1"]
    transfer.total_chunks = 20
    assert transfer.faults() == ["18 of 20 chunks are missing: 2, 3, 4, 5, 6, 7, 8, 9, …"]


def test_the_table_is_bounded() -> None:
    """The file that its client touched longest ago is forgotten for a new one."""
    transfers = Transfers()
    kept = transfers.begin("10.0.0.1", "kept", 0.0)
    for number in range(MAX_FILES - 1):
        transfers.begin("10.0.0.2", str(number), 1.0)
    assert transfers.find("10.0.0.1", "kept", 2.0) is kept
    transfers.begin("10.0.0.2", "one more", 3.0)
    assert transfers.find("10.0.0.1", "kept", 4.0) is kept
    assert transfers.find("10.0.0.2", "0", 4.0) is None


def test_no_client_forgets_the_files_of_another() -> None:
    """Who begins files without end loses its own."""
    transfers = Transfers()
    kept = transfers.begin("10.0.0.1", "kept", 0.0)
    for number in range(3 * MAX_FILES):
        transfers.begin("10.0.0.2", str(number), 1.0)
    assert transfers.find("10.0.0.1", "kept", 2.0) is kept
    assert transfers.find("10.0.0.2", str(3 * MAX_FILES - 1), 2.0)
    assert transfers.find("10.0.0.2", str(2 * MAX_FILES), 2.0) is None


def test_a_file_belongs_to_its_address_and_has_an_end() -> None:
    """Another address does not see it, and after an hour nobody does."""
    transfers = Transfers()
    transfers.begin("10.0.0.1", "f", 0.0)
    assert transfers.find("10.0.0.2", "f", 0.0) is None
    assert transfers.find("10.0.0.1", "f", MAX_IDLE_S)
    assert transfers.find("10.0.0.1", "f", 2 * MAX_IDLE_S + 1) is None

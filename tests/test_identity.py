"""The id that stays and the names made from it."""

from pathlib import Path

import pytest

from lanbridge.core.names import HostName
from lanbridge.identity import instance_id, own_host


def test_it_stays(tmp_path: Path) -> None:
    """The state directory is made at the first start, the id is read at the second."""
    directory = tmp_path / "state" / "lanbridge"
    first = instance_id(directory)
    assert len(first) == 32
    assert int(first, 16)
    assert instance_id(directory) == first
    assert [one.name for one in directory.iterdir()] == ["instance-id"]


def test_two_are_different(tmp_path: Path) -> None:
    """Two daemons on one host are two."""
    assert instance_id(tmp_path / "a") != instance_id(tmp_path / "b")


@pytest.mark.parametrize(
    "content",
    [b"", b"not an id\n", b"\xff\xfe\x00", b"0123", b"\x1b[2J" * 8],
    ids=["empty", "words", "no UTF-8", "too short", "escapes"],
)
def test_a_file_that_holds_no_id_is_written_anew(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """As a power cut leaves one; the journal says why a name and an id have changed."""
    (tmp_path / "instance-id").write_bytes(content)
    made = instance_id(tmp_path)
    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert len(made) == 32
    assert instance_id(tmp_path) == made


def test_an_id_is_read_however_it_is_written(tmp_path: Path) -> None:
    """With hyphens and in capitals, as another program may have left it."""
    (tmp_path / "instance-id").write_text("01234567-89AB-CDEF-0123-456789ABCDEF\n")
    assert instance_id(tmp_path) == "0123456789abcdef0123456789abcdef"


def test_where_nothing_can_be_written_it_stays_too(tmp_path: Path) -> None:
    """Made from the hardware address: the same at every start."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    made = instance_id(blocked)
    assert instance_id(blocked / "below") == made
    assert len(made) == 32
    assert blocked.read_text() == ""


def test_the_host_name_is_ours_alone() -> None:
    """Never the machine's own, which belongs to avahi; always a valid label."""
    host = own_host("0123456789abcdef")
    assert host.fqdn == "lanbridge-012345.local"
    assert HostName.parse(host.fqdn) == host

"""What is added while the daemon runs: kept, bounded, taken back, and whole after a crash."""

import json
from pathlib import Path

import pytest

from lanbridge import files
from lanbridge.advertisements import MAX_ADDED, Advertisements, Source
from lanbridge.config import AdvertiseSettings
from lanbridge.core.errors import (
    FixedBySettings,
    LimitReached,
    NameConflict,
    NotFound,
    StateUnwritable,
)
from lanbridge.core.names import HostName, InstanceName, ServiceType
from lanbridge.core.services import stable_id
from lanbridge.mdns.advertise import Advertisement
from lanbridge.mdns.publish import Publisher

OWN = Advertisement(
    name=InstanceName("bridge", ServiceType("lanbridge", "tcp")), host=HostName("b"), port=8620
)
LAMP = AdvertiseSettings(
    name="Lamp. 客厅",
    type="_http._tcp",
    port=80,
    txt={"path": "/on", "secure": True},
    subtypes=("_printer",),
    host="lamp.local",
    addresses=("10.0.0.50",),
)
DOOR = AdvertiseSettings(name="Door", type="_http._tcp", port=81)


def started(state_dir: Path, *tables: AdvertiseSettings) -> Advertisements:
    """Those of a daemon that has no network."""

    def spawn(*_: object) -> None:
        raise AssertionError

    publisher = Publisher(lambda old, new: None, spawn)  # type: ignore[arg-type]  # never called
    advertisements = Advertisements(publisher, state_dir, OWN.host)
    advertisements.start(OWN, tables)
    return advertisements


def names(advertisements: Advertisements) -> list[tuple[str, str]]:
    """With where each is from."""
    published = list(advertisements._publisher.published.values())
    assert published == [one.published for one in advertisements]
    return [(one.published.ad.name.instance, one.source.value) for one in advertisements]


async def test_what_is_added_comes_back_after_a_restart(tmp_path: Path) -> None:
    """With every field, and under the same id."""
    added = await started(tmp_path).add(LAMP)
    again = started(tmp_path, DOOR)
    assert names(again) == [("bridge", "own"), ("Door", "settings"), ("Lamp. 客厅", "added")]
    assert again.get(added.id).published.wanted == added.published.wanted
    assert again.problem is None


async def test_what_is_removed_does_not(tmp_path: Path) -> None:
    """And the rest does."""
    first = started(tmp_path)
    lamp, _ = await first.add(LAMP), await first.add(DOOR)
    assert (await first.remove(lamp.id)).published is lamp.published
    assert names(first) == [("bridge", "own"), ("Door", "added")]
    assert names(started(tmp_path)) == [("bridge", "own"), ("Door", "added")]
    with pytest.raises(NotFound):
        await first.remove(lamp.id)
    assert (await first.add(LAMP)).id == lamp.id


async def test_a_name_is_advertised_once(tmp_path: Path) -> None:
    """RFC 6762 §16: whatever its case; who has it first keeps it, and nothing is written."""
    advertisements = started(tmp_path, DOOR)
    for name in ("Door", "dOOR"):
        with pytest.raises(NameConflict, match="advertised already"):
            await advertisements.add(DOOR.model_copy(update={"name": name}))
    assert names(started(tmp_path)) == [("bridge", "own")]


async def test_what_the_settings_have_by_now_is_theirs(tmp_path: Path) -> None:
    """The operator has copied it there, with another port."""
    await started(tmp_path).add(DOOR)
    again = started(tmp_path, DOOR.model_copy(update={"port": 99}))
    assert names(again) == [("bridge", "own"), ("Door", "settings")]
    assert [one.published.ad.port for one in again] == [8620, 99]


async def test_settings_and_the_daemon_itself_stay(tmp_path: Path) -> None:
    """They are not HTTP's to remove; the sentence says whose."""
    advertisements = started(tmp_path, DOOR)
    own, door = advertisements
    with pytest.raises(FixedBySettings, match="it is how this daemon is found"):
        await advertisements.remove(own.id)
    with pytest.raises(FixedBySettings, match="remove its table there and restart"):
        await advertisements.remove(door.id)
    assert names(advertisements) == [("bridge", "own"), ("Door", "settings")]


async def test_there_is_a_limit(tmp_path: Path) -> None:
    """Of those that are added; also of those that somebody wrote into the file."""
    advertisements = started(tmp_path)
    tables = [DOOR.model_copy(update={"name": f"Door {n}"}) for n in range(MAX_ADDED + 1)]
    for table in tables[:-1]:
        await advertisements.add(table)
    with pytest.raises(LimitReached, match="remove one"):
        await advertisements.add(tables[-1])
    kept = tmp_path / "advertisements.json"
    document = json.loads(kept.read_text())
    document["items"].append(tables[-1].model_dump())
    kept.write_text(json.dumps(document))
    assert started(tmp_path).added == MAX_ADDED


async def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is advertised what would be gone after a restart, nor taken back what would not."""
    advertisements = started(tmp_path)
    lamp = await advertisements.add(LAMP)

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(files, "replace", full)
        with pytest.raises(StateUnwritable, match="No space left on device"):
            await advertisements.add(DOOR)
        with pytest.raises(StateUnwritable, match="so nothing was changed"):
            await advertisements.remove(lamp.id)
    assert (
        names(advertisements)
        == names(started(tmp_path))
        == [
            ("bridge", "own"),
            ("Lamp. 客厅", "added"),
        ]
    )
    await advertisements.add(DOOR)
    assert advertisements.problem is None


DAMAGED: dict[str, bytes] = {
    "empty": b"",
    "half of it": b'{"version": 1, "items": [{"name"',
    "no JSON": b"\xff\xfe\x00",
    "a list": b"[]",
    "a number": b"1",
    "no items": b'{"version": 1}',
    "items that are none": b'{"version": 1, "items": 5}',
    "of a later version": b'{"version": 2, "items": []}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
async def test_a_damaged_file_is_moved_aside(tmp_path: Path, content: bytes) -> None:
    """The daemon starts, says why, and goes on with a new one."""
    (tmp_path / "advertisements.json").write_bytes(content)
    advertisements = started(tmp_path)
    assert "was damaged (" in (advertisements.problem or "")
    assert names(advertisements) == [("bridge", "own")]
    assert (tmp_path / "advertisements.damaged").read_bytes() == content
    await advertisements.add(LAMP)
    assert started(tmp_path).problem is None


async def test_what_is_whole_of_a_damaged_file_counts(tmp_path: Path) -> None:
    """One bad table takes no other one along, and is not lost either."""
    await started(tmp_path).add(LAMP)
    path = tmp_path / "advertisements.json"
    document = json.loads(path.read_text())
    document["items"].insert(0, {"name": "x", "type": "nonsense", "port": 1})
    path.write_text(json.dumps(document))
    advertisements = started(tmp_path)
    assert names(advertisements) == [("bridge", "own"), ("Lamp. 客厅", "added")]
    assert "nonsense" in (tmp_path / "advertisements.damaged").read_text()
    assert "1 advertisements of it are whole" in (advertisements.problem or "")
    assert names(started(tmp_path)) == names(advertisements)


async def test_a_damaged_file_that_stays_is_told(tmp_path: Path) -> None:
    """Its place is taken by a directory."""
    (tmp_path / "advertisements.json").write_text("{")
    (tmp_path / "advertisements.damaged").mkdir()
    (tmp_path / "advertisements.damaged" / "x").write_text("")
    assert "stays there" in (started(tmp_path).problem or "")


def test_the_id_is_that_of_the_service(tmp_path: Path) -> None:
    """As the registry gives it, when our own browser hears it."""
    own, _ = started(tmp_path, DOOR)
    assert own.id == stable_id("bridge._lanbridge._tcp.local")
    assert own.source is Source.OWN

"""A backup over HTTP, and back into another daemon."""

import json
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from lanbridge.api.app import create_app
from tests.api.conftest import CALLER, Home
from tests.core.lan import ptr, whole

EXPORT, IMPORT, DEVICES = "/api/v1/export", "/api/v1/import", "/api/v1/devices"


def fill(client: TestClient, home: Home, token: dict[str, str]) -> dict[str, Any]:
    """Some devices, one with a label; the backup of them."""
    for number in range(250):
        home.hear(*whole(f"lamp {number:03}", f"lamp-{number:03}.local"))
    home.hear(ptr("only found"))
    id_ = client.get(f"{DEVICES}?state=online").json()["items"][0]["id"]
    said = {"label": "Küche", "notes": "behind the fridge"}
    assert client.put(f"{DEVICES}/{id_}", json=said, headers=token).status_code == 200
    answer = client.get(EXPORT)
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    backup: dict[str, Any] = answer.json()
    return backup


def test_a_backup_holds_all_that_is_known(
    client: TestClient, home: Home, token: dict[str, str]
) -> None:
    """Of what was only found, nothing is."""
    backup = fill(client, home, token)
    assert (backup["format"], backup["version"]) == ("lanbridge-backup", 1)
    assert (len(backup["devices"]), len(backup["services"])) == (250, 250)
    assert [one["notes"] for one in backup["devices"] if one["label"]] == ["behind the fridge"]


def test_it_comes_back_in_a_daemon_that_knows_nothing(
    client: TestClient, home: Home, token: dict[str, str], tmp_path: Path
) -> None:
    """The same devices under the same ids, offline until they are heard."""
    backup = fill(client, home, token)
    ids = {one["id"] for one in client.get(f"{DEVICES}?state=online").json()["items"]}
    other = Home(tmp_path / "other")
    with TestClient(create_app(other.daemon), client=(CALLER, 50_000)) as there:
        key = {"Authorization": f"Bearer {other.daemon.token.ensured()}"}
        assert there.post(IMPORT, json=backup).status_code == 401
        answer = there.post(IMPORT, json=backup, headers=key)
        counts = {"devices": 250, "services": 250, "refused": [], "kept": True}
        assert answer.json() == counts | {"new_devices": 250, "new_services": 250}
        answer = there.post(IMPORT, json=backup, headers=key)
        assert answer.json() == counts | {"new_devices": 0, "new_services": 0}
        listed = there.get(DEVICES).json()["items"]
        assert {one["id"] for one in listed} == ids
        assert {one["state"] for one in listed} == {"offline"}
        assert [one["name"] for one in listed if one["label"]] == ["Küche"]
        again = there.get(EXPORT).json()
    assert again["devices"] == backup["devices"]


def test_what_is_no_backup_is_refused_and_one_bad_item_is_left_out(
    client: TestClient, home: Home, token: dict[str, str]
) -> None:
    """With the reason."""
    head = {"format": "lanbridge-backup", "version": 1}
    for body in ({}, {**head, "version": 2}, {**head, "format": "x"}, {**head, "devices": 7}):
        answer = client.post(IMPORT, json=body, headers=token)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    good = {**head, "devices": [{"id": "x"}], "services": [{}, {"name": "\x1b[2J"}]}
    answer = client.post(IMPORT, json=good, headers=token).json()
    assert (answer["devices"], answer["services"], len(answer["refused"])) == (0, 0, 3)
    assert "\x1b" not in json.dumps(answer, ensure_ascii=False)


def test_a_disk_that_takes_nothing_is_said_everywhere(
    client: TestClient, home: Home, token: dict[str, str]
) -> None:
    """In the answer, in the status, and in what is ready but degraded."""
    home.hear(*whole())
    (device,) = client.get(DEVICES).json()["items"]
    home.connect()
    assert client.get("/readyz").json()["degraded"] == []
    home.daemon.keeper.store._path = Path("/proc/nowhere/registry.sqlite")
    answer = client.put(f"{DEVICES}/{device['id']}", json={"label": "x"}, headers=token)
    assert (answer.status_code, answer.json()["code"]) == (503, "state-unwritable")
    assert client.get(DEVICES).json()["items"][0]["label"] == ""
    (sentence,) = client.get("/readyz").json()["degraded"]
    assert "nothing is kept on disk" in sentence
    assert client.get("/api/v1/status").json()["store"]["problem"] == sentence

"""Devices over HTTP, and what a person says of them."""

from pathlib import Path

from starlette.testclient import TestClient

from lanbridge.api.app import create_app
from tests.api.conftest import CALLER, Home
from tests.core.lan import address, ptr, srv, txt, whole

DEVICES = "/api/v1/devices"


def test_a_device_has_its_host_its_services_and_their_words(client: TestClient, home: Home) -> None:
    """Name and model are what it says of itself."""
    home.hear(ptr(), srv(), txt(rdata=b"\x0afn=Kitchen\x08md=LWB01"), address())
    (device,) = client.get(DEVICES).json()["items"]
    assert (device["name"], device["model"], device["host"]) == ("Kitchen", "LWB01", "lamp.local")
    assert (device["mac"], device["vendor"], device["interfaces"]) == (None, None, ["eth0"])
    assert [one["up"] for one in device["presence"]] == [True]
    assert client.get(f"{DEVICES}/{device['id']}").json() == device


def test_a_filter_gives_a_device_no_other_name(client: TestClient, home: Home) -> None:
    """It has two services of different names, and is asked for one of them."""
    home.hear(*whole(), *whole("setup"))
    (device,) = client.get(DEVICES).json()["items"]
    (asked,) = client.get(f"{DEVICES}?name=setup").json()["items"]
    assert len(asked["services"]) < len(device["services"]) == 2
    assert asked["name"] == device["name"] == "lamp.local"


def test_a_device_is_found_by_each_name_that_is_shown_of_it(
    client: TestClient, home: Home, token: dict[str, str]
) -> None:
    """Its host, what it calls itself, what a person calls it, whole; or by a service, with that."""
    home.hear(*whole("desk one", "desk.local"), *whole("setup", "desk.local"))
    home.wait(2)
    home.hear(txt("desk one", rdata=b"\x11fn=Reading corner"))
    home.hear(*whole("fan", "fan.local"))

    def found(name: str) -> list[tuple[str, list[str]]]:
        items = client.get(DEVICES, params={"name": name}).json()["items"]
        return [(one["name"], [each["name"] for each in one["services"]]) for one in items]

    both = ["desk one", "setup"]
    assert found("DESK.local") == found("reading") == [("Reading corner", both)]
    assert found("set") == [("Reading corner", ["setup"])]
    (desk, _) = client.get(DEVICES).json()["items"]
    label = {"label": "Küche"}
    assert client.put(f"{DEVICES}/{desk['id']}", json=label, headers=token).is_success
    assert found("KÜCHE") == [("Küche", both)]
    assert found("reading") == []
    assert client.get(f"{DEVICES}?name=küche&state=offline").json()["items"] == []


def test_a_label_stays_whatever_the_device_says(
    client: TestClient, home: Home, token: dict[str, str]
) -> None:
    """It is what the device is called then; left out, it is taken back."""
    home.hear(*whole())
    (device,) = client.get(DEVICES).json()["items"]
    path = f"{DEVICES}/{device['id']}"
    said = {"label": "Küche", "notes": "behind the fridge"}
    assert client.put(path, json=said).status_code == 401
    answer = client.put(path, json=said, headers=token).json()
    assert (answer["name"], answer["label"], answer["notes"]) == ("Küche", *said.values())
    home.hear(txt(rdata=b"\x08fn=Pwned"))
    home.hear(ptr(ttl_s=0))
    home.wait(100_000)
    gone = client.get(path).json()
    assert (gone["name"], gone["state"], gone["services"]) == ("Küche", "offline", [])
    assert client.put(path, json={}, headers=token).json()["label"] == ""


def test_two_devices_are_merged_by_a_person_and_taken_apart(
    client: TestClient, home: Home, token: dict[str, str]
) -> None:
    """Both ways keep the ids."""
    home.hear(*whole(), *whole("desk", "desk.local"))
    desk, lamp = (one["id"] for one in client.get(DEVICES).json()["items"])
    path = f"{DEVICES}/{desk}"
    assert client.put(path, json={"merged_into": lamp}, headers=token).status_code == 200
    (merged,) = client.get(DEVICES).json()["items"]
    assert (merged["id"], merged["merged"], len(merged["services"])) == (lamp, [desk], 2)
    client.put(path, json={"merged_into": None}, headers=token)
    assert [one["id"] for one in client.get(DEVICES).json()["items"]] == [desk, lamp]


def test_what_is_wrong_is_a_problem(client: TestClient, home: Home, token: dict[str, str]) -> None:
    """Unknown devices and keys, and a circle."""
    home.hear(*whole())
    (device,) = client.get(DEVICES).json()["items"]
    path = f"{DEVICES}/{device['id']}"
    for where, body, status in (
        (f"{DEVICES}/none", {}, 404),
        (path, {"lable": "x"}, 422),
        (path, {"label": "x" * 121}, 422),
        (path, {"merged_into": device["id"]}, 422),
    ):
        answer = client.put(where, json=body, headers=token)
        assert answer.status_code == status, body
        assert answer.json()["code"] in ("not-found", "invalid-input")


def test_the_limits_and_alarms_are_in_the_status(client: TestClient, home: Home) -> None:
    """How much there is of what a stranger can fill, and how much there may be."""
    home.hear(*whole())
    for _ in range(6):
        home.daemon.census.alarms.settle([], 0.0)
        home.daemon.census.look()
    status = client.get("/api/v1/status").json()
    assert status["limits"]["services"] == {"used": 1, "limit": 10_240, "refused": 0}
    assert set(status["limits"]) == {"services", "hosts", "types", "devices", "findings"}
    assert status["alarms"] == []


def test_what_has_left_is_kept_for_as_long_as_the_settings_say(tmp_path: Path) -> None:
    """What rests over the weekend is on the list on Monday; in the end it is forgotten."""
    home = Home(tmp_path, services_kept_days=3, devices_kept_days=10)
    client = TestClient(create_app(home.daemon), client=(CALLER, 50_000))
    home.hear(*whole())
    (device,) = client.get(DEVICES).json()["items"]
    home.hear(ptr(ttl_s=0))

    def known_after(days: float) -> tuple[bool, bool]:
        home.wait(days * 86_400)
        for id_ in home.registry.take_forgotten():
            home.daemon._forget(id_)
        home.daemon.census.devices.expire(home.moment.unix_s)
        listed = client.get(DEVICES).json()["items"]
        return bool(listed), client.get(f"{DEVICES}/{device['id']}").status_code == 200

    assert known_after(2.9) == (True, True)
    assert known_after(0.2) == (False, True)
    assert known_after(6.8) == (False, True)
    assert known_after(0.2) == (False, False)

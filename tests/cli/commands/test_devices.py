"""`lanbridge devices` against a daemon."""

from collections.abc import Callable

from tests.cli.conftest import LAMP, Daemon


def test_one_line_a_device(run: Callable[..., tuple[int, str, str]], daemon: Daemon) -> None:
    """With the services that live on it."""
    device: dict[str, object] = {key: LAMP[key] for key in ("host", "addresses", "state")}
    device |= {"reachable": False, "reason": "it is in another subnet"}
    device |= {"name": "Küche", "model": None, "vendor": None, "mac": None, "id": "d"}
    daemon.serve("/api/v1/devices?own=true", {**device, "services": [LAMP, LAMP]})
    status, out, _ = run("devices", "--url", daemon.url, "--own")
    assert status == 0
    assert out.splitlines()[1].split() == [
        *("Küche", "lamp.local", "192.168.1.20", "online", "no"),
        *("it", "is", "in", "another", "subnet"),
        *("客厅灯", "(_http._tcp),", "客厅灯", "(_http._tcp)"),
    ]

"""What the daemon joins that no room of it holds alone."""

from pathlib import Path

import pytest

from tests.api.conftest import Home

LAMP = "Old lamp._http._tcp.local"
BRIDGE = "bridge._lanbridge._tcp.local"


@pytest.mark.parametrize(
    ("types", "heard"),
    [
        ((), {BRIDGE, LAMP}),
        (("_http._tcp",), {LAMP}),
        (("_HTTP._tcp.",), {LAMP}),
        (("_http._tcp,_PRINTER", "_ipp._tcp"), {LAMP}),
        (("_http._tcp,_color",), set()),
        (("_ipp._tcp",), set()),
    ],
)
def test_of_what_is_advertised_that_is_to_be_heard_whose_type_is_browsed(
    tmp_path: Path, types: tuple[str, ...], heard: set[str]
) -> None:
    """However the type is written; the lamp has a subtype, `_printer`. The rest is no alarm."""
    home = Home(tmp_path, types=types)
    home.connect()
    for one in home.daemon.discovery.publisher.published.values():
        one.established.set()
    assert set(home.daemon._heard_names()) == heard

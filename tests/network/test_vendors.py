"""Who made a network card."""

import sys

import pytest

from lanbridge.network.vendors import Vendors

PI = "b8:27:eb:12:34:56"


async def test_a_vendor_is_known_by_its_prefix() -> None:
    """And not read before it is asked for."""
    vendors = Vendors()
    assert vendors.vendor(PI) is None
    await vendors.load()
    assert "Raspberry" in (vendors.vendor(PI) or "")


@pytest.mark.parametrize(
    "mac",
    [None, "ba:27:eb:12:34:56", "ff:ff:ff:ff:ff:ff", "70:b3:d5:00:00:01"],
    ids=["none", "made up", "broadcast", "sold on"],
)
async def test_a_vendor_that_is_unknown(mac: str | None) -> None:
    """Locally administered addresses are made up anew for each network."""
    vendors = Vendors()
    await vendors.load()
    assert vendors.vendor(mac) is None


async def test_without_the_extra_nobody_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pip install lanbridge` has no list."""
    monkeypatch.setitem(sys.modules, "aiooui", None)
    vendors = Vendors()
    await vendors.load()
    assert vendors.vendor(PI) is None

"""Rules for every test: a skip in CI is a failure, and no test reaches a real network."""

from __future__ import annotations

import ipaddress
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lan.lab import OUTSIDE, is_inside

if TYPE_CHECKING:
    from collections.abc import Generator

LAN_TESTS = Path(__file__).parent / "lan"

refused_packets: list[str] = []


def pytest_configure() -> None:
    """Outside the laboratory, refuse every packet to another machine."""
    # A shell starts what it runs in the background with ^C ignored, and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not is_inside():
        sys.addaudithook(refuse_packets_off_this_host)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the laboratory, so that `-m "not lan"` leaves them out."""
    for item in items:
        if LAN_TESTS in item.path.parents:
            item.add_marker("lan")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Outside the laboratory, fail at once rather than multicast on a real interface."""
    if not is_inside() and any(item.get_closest_marker("lan") for item in session.items):
        raise pytest.UsageError(OUTSIDE)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped module into a failure where nothing may be skipped."""
    report = yield
    if report.outcome == "skipped" and may_not_skip(collector.path):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is a failure here: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failure where nothing may be skipped."""
    report = yield
    if report.outcome == "skipped" and not hasattr(report, "wasxfail") and may_not_skip(item.path):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is a failure here: {report.longrepr}"
    return report


def may_not_skip(path: Path) -> bool:
    """True for every test in CI, and for the tests of the laboratory everywhere."""
    return os.environ.get("CI", "") not in ("", "0", "false") or LAN_TESTS in path.parents


@pytest.fixture(autouse=True)
def no_packet_off_this_host() -> Generator[None]:
    """Fail the test that tried to reach a network, even if the code under test hid the error."""
    refused_packets.clear()
    yield
    if refused_packets:
        pytest.fail(f"a test outside tests/lan tried to reach a network: {refused_packets}")


def refuse_packets_off_this_host(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: raise before a socket connects or sends to an address of another machine."""
    if event not in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        return
    address = arguments[1]
    # A Unix socket has a path or bytes here; a name is looked up first, and then it is refused.
    if isinstance(address, tuple) and isinstance(address[0], str) and is_elsewhere(address[0]):
        refused_packets.append(f"{event} {address!r}")
        raise PermissionError(f"no network in a test outside tests/lan: {event} {address!r}")


def is_elsewhere(host: str) -> bool:
    """True if a packet to this address would leave the machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)

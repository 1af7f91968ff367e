"""Fixtures of the network laboratory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lan.lab import Lab
from tests.lan.waits import LongWaits

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture
def lab() -> Generator[Lab]:
    """Give a LAN of the test's own; a module may define a shared one under the same name."""
    with Lab() as lab:
        yield lab


@pytest.fixture(scope="session")
def long_waits() -> Generator[LongWaits]:
    """Give what takes minutes; whoever names it first begins it, so that others run meanwhile."""
    with Lab() as lab:
        yield LongWaits(lab)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failed test what the programs of its laboratory wrote."""
    report = yield
    lab = getattr(item, "funcargs", {}).get("lab")
    if report.failed and isinstance(lab, Lab):
        report.sections.append(("programs of the laboratory", lab.describe()))
    return report

"""What is wrong with the records of a service."""

from dataclasses import replace

import pytest

from lanbridge.core.record_faults import record_faults
from lanbridge.core.services import ServiceInstance, State
from tests.core.lamp import lamp

NO_TXT = "it has no TXT record, or an empty one (RFC 6763 §6)"


def whole(**changes: object) -> ServiceInstance:
    """A service whose records are as they should be, but for these."""
    return replace(lamp(), **{"txt_raw": b"\x00", **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["lamp.local", "LAMP.LOCAL"])
def test_nothing_is_wrong_with_most(host: str) -> None:
    """A TXT record of one empty string is one."""
    assert list(record_faults(whole(host=host))) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "Caf\ufffd"}, "its name is no UTF-8 (RFC 6763 §4.1.1)"),
        ({"host": "lamp"}, "its host 'lamp' does not end in .local: others ask DNS for it"),
        (
            {"host": "lamp.lan\x1b[31m"},
            r"its host 'lamp.lan\\u{1b}[31m' does not end in .local: others ask DNS for it",
        ),
        ({"txt_raw": b""}, NO_TXT),
    ],
)
def test_each_is_told(changes: dict[str, object], sentence: str) -> None:
    """By the rule that it breaks, and safe to print."""
    assert list(record_faults(whole(**changes))) == [sentence]


@pytest.mark.parametrize("state", [State.FOUND, State.OFFLINE])
def test_what_has_not_come_yet_is_no_fault(state: State) -> None:
    """It is being asked for, or is gone."""
    assert list(record_faults(whole(state=state, host="", txt_raw=b""))) == []

"""Texts that fit a terminal, whatever letters they are of."""

import pytest

from lanbridge.cli.widths import cut, whole_parts, width


@pytest.mark.parametrize("text", ["Kitchen lamp", "客厅的灯和风扇", "cafe\u0301 au lait", ""])
@pytest.mark.parametrize("room", [1, 2, 5, 9])
def test_what_is_cut_fits_and_says_so(text: str, room: int) -> None:
    """客 takes two cells."""
    shown = cut(text, room)
    assert width(shown) <= room
    assert shown.endswith("…")
    assert text.startswith(shown[:-1])


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        (40, "192.168.1.20, 10.0.0.1, fd77::1 …"),
        (25, "192.168.1.20, 10.0.0.1 …"),
        (16, "192.168.1.20 …"),
        (13, "10.0.0.1 …"),
        (9, "fd77::1 …"),
        (5, "…"),
        (-3, "…"),
    ],
)
def test_no_part_is_cut(room: int, shown: str) -> None:
    """One that has no room leaves it to the next."""
    assert whole_parts("192.168.1.20, 10.0.0.1, fd77::1, fe80::1234:5678%eth0", room) == shown

"""Texts that fit a terminal, whatever letters they are of."""

import pytest

from lanbridge.cli.widths import cut, folded, whole_parts, width


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


@pytest.mark.parametrize(
    ("text", "room", "first", "lines"),
    [
        ("Files of the office", 40, None, ["Files of the office"]),
        ("Files of the office", 13, None, ["Files of the", "office"]),
        ("Files of the office", 13, 7, ["Files", "of the office"]),
        ("fe80::1%eth0, fd77::1", 13, 3, ["", "fe80::1%eth0,", "fd77::1"]),
        ("x" * 12, 5, 3, ["", "xxxxx", "xxxxx", "xx"]),
        ("a xxxxxxx b", 5, None, ["a", "xxxxx", "xx b"]),
        ("客厅灯", 4, None, ["客厅", "灯"]),
        ("客厅", 1, 0, ["", "客", "厅"]),
        ("", 5, None, [""]),
    ],
)
def test_a_word_is_broken_where_it_has_no_room_alone(
    text: str, room: int, first: int | None, lines: list[str]
) -> None:
    """The first line may have less room than the others."""
    assert folded(text, room, first) == lines

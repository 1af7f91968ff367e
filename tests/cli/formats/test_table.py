"""The table: plain in a pipe, live on a terminal, and safe in both."""

import io
import re
from collections.abc import Sequence
from typing import Any

import pytest

from lanbridge.cli.changes import CHANGES
from lanbridge.cli.commands import devices, discover, services
from lanbridge.cli.formats.table import Lines, Writer
from lanbridge.cli.output import Column

COLUMNS = (Column("name", "NAME", 8), Column("port", "PORT", 5), Column("txt", "TXT", 0))
FAN = ["fan", "  TXT  a"]
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][;m]")


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def written(stream: io.StringIO, *rows: dict[str, object]) -> str:
    """What `stream` gets for `rows`."""
    writer = Writer(COLUMNS, stream)
    writer.begin()
    for row in rows:
        writer.row(row)
    writer.end()
    return stream.getvalue()


def test_lines_are_aligned_and_stable() -> None:
    """The widths do not depend on the rows; 客 takes two cells, an accent on its own none."""
    rows = [
        {"name": "lamp", "port": 80, "txt": "a=b"},
        {"name": "客厅灯", "port": 8086},
        {"name": "cafe\u0301", "port": 1},
        {"name": "a long name", "port": 65535, "txt": "c"},
    ]
    assert written(io.StringIO(), *rows).splitlines() == [
        "NAME      PORT   TXT",
        "lamp      80     a=b",
        "客厅灯    8086",
        "cafe\u0301      1",
        "a long name  65535  c",
    ]


def test_each_line_is_flushed() -> None:
    """Whoever reads the pipe sees a row when it is found."""
    flushed: list[str] = []

    class Pipe(io.StringIO):
        def flush(self) -> None:
            flushed.append(self.getvalue())

    writer = Writer(COLUMNS, Pipe())
    writer.begin()
    writer.row({"name": "lamp"})
    assert flushed[-1].endswith("lamp\n")


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_names_cannot_drive_the_terminal(
    stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Escape sequences and the markup of rich are shown, not obeyed."""
    monkeypatch.setenv("TERM", "xterm")
    text = written(stream(), {"name": "\x1b[2J", "txt": "[red]"})
    assert "\x1b[2J" not in text
    assert r"\u{1b}[2J" in text
    assert "[red]" in text


def test_a_terminal_shows_each_service_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row with a known `id` takes the place of the earlier one."""
    monkeypatch.setenv("TERM", "xterm")
    rows: list[dict[str, object]] = [
        {"id": "1", "name": "lamp", "port": None},
        {"id": "1", "name": "lamp", "port": 8086},
    ]
    last = written(Terminal(), *rows, {"name": "one"}, {"name": "two"}).rpartition("NAME")[2]
    assert last.count("lamp") == 1
    assert "8086" in last
    assert "one" in last
    assert "two" in last


@pytest.mark.parametrize("width", [80, 40, 24])
def test_a_narrow_terminal_breaks_no_words(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the columns have no room beside each other they come below each other."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width))
    row: dict[str, object] = {"name": "Kitchen lamp", "port": 8086, "txt": "md=Lamp ci=5 sf=1"}
    shown = written(Terminal(), row)
    for word in ("Kitchen", "8086", "md=Lamp", "ci=5", "sf=1"):
        assert word in shown


LONG = {
    "name": "lanbridge-7c32b8",
    "host": "lanbridge-7c32b8.local",
    "type": "_lanbridge._tcp",
    "port": 8620,
    "addresses": [{"address": "10.77.0.1"}, {"address": "fe80::e023:d8ff:fe16:4ddf%eth0"}],
    "state": "online",
    "reachable": False,
    "reason": "10.77.0.1 is this host's own address on eth0",
    "txt": {"version": "0.1.0", "id": "7c32b84e512e4951be677d0a73174259"},
}


def screen(width: int, monkeypatch: pytest.MonkeyPatch, columns: Sequence[Column]) -> list[str]:
    """What is left on a terminal of that width, of a service and a second one."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width))
    writer = Writer(columns, stream := Terminal())
    writer.begin()
    writer.row(LONG)
    writer.row(LONG | {"name": "Files of the office", "reachable": True, "reason": None})
    writer.end()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue().rpartition("NAME")[2])
    return ["NAME" + shown.splitlines()[0], *(line.rstrip() for line in shown.splitlines()[1:])]


@pytest.mark.parametrize("width", [40, 50, 60, 80, 100, 120, 160, 200, 250])
@pytest.mark.parametrize("columns", [services.COLUMNS, devices.COLUMNS, discover.COLUMNS])
def test_no_terminal_breaks_a_word_that_has_room(
    width: int, columns: Sequence[Column], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Least of all a host or an address, of which half is another one."""
    monkeypatch.setitem(LONG, "services", [{"name": "lanbridge-7c32b8", "type": "_lanbridge._tcp"}])
    lines = screen(width, monkeypatch, columns)
    assert max(map(len, lines)) < width
    words = " ".join(lines).split()
    for column in columns:
        for word in column.cell(LONG).split():
            assert word in words, column.heading


def test_the_widest_columns_stand_below_their_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service is a line that can be read down the columns, and what is long follows it."""
    assert screen(120, monkeypatch, services.COLUMNS) == [
        "NAME                 TYPE             HOST                    PORT  STATE   REACHABLE",
        "─────────────────────────────────────────────────────────────────────────────────────",
        "lanbridge-7c32b8     _lanbridge._tcp  lanbridge-7c32b8.local  8620  online  no",
        "  ADDRESSES  10.77.0.1, fe80::e023:d8ff:fe16:4ddf%eth0",
        "  REASON     10.77.0.1 is this host's own address on eth0",
        "  TXT        version=0.1.0 id=7c32b84e512e4951be677d0a73174259",
        "Files of the office  _lanbridge._tcp  lanbridge-7c32b8.local  8620  online  yes",
        "  ADDRESSES  10.77.0.1, fe80::e023:d8ff:fe16:4ddf%eth0",
        "  TXT        version=0.1.0 id=7c32b84e512e4951be677d0a73174259",
    ]


def test_a_window_of_a_telephone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes on for several lines takes all of their width."""
    assert screen(40, monkeypatch, services.COLUMNS)[:12] == [
        "NAME                 PORT  STATE",
        "─────────────────────────────────",
        "lanbridge-7c32b8     8620  online",
        "  TYPE       _lanbridge._tcp",
        "  HOST       lanbridge-7c32b8.local",
        "  ADDRESSES  10.77.0.1,",
        "    fe80::e023:d8ff:fe16:4ddf%eth0",
        "  REACHABLE  no",
        "  REASON     10.77.0.1 is this host's",
        "    own address on eth0",
        "  TXT        version=0.1.0",
        "    id=7c32b84e512e4951be677d0a73174259",
    ]


def test_running_text_goes_on_in_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is room for a sentence, as in the table of `check`."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    row: dict[str, object] = {"name": "android", "port": 1, "txt": "it is allowed if " * 4}
    last = written(Terminal(), row).rpartition("NAME")[2].splitlines()
    assert [line.rstrip() for line in last[2:4]] == [
        "android  1     it is allowed if it is allowed if it is",
        "               allowed if it is allowed if",
    ]


def test_where_nothing_has_room_beside_the_name_all_stands_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its name, and each cell that is not empty behind its heading."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    rows: list[dict[str, object]] = [
        {"name": "a lamp somewhere", "port": 80, "txt": "key=lengthy"},
        {"name": "fan", "txt": "a"},
    ]
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written(Terminal(), *rows))
    lines = [line.rstrip() for line in shown.rstrip().splitlines()]
    assert lines[-6:] == ["a lamp somewhere", "  PORT  80", "  TXT   key=lengthy", "", *FAN]


def test_the_name_of_a_stranger_takes_no_room_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One word without end is broken, and the table stays one."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    shown = written(Terminal(), {"name": "x" * 500, "port": 1}, {"name": "lamp", "port": 65535})
    assert "NAME" in shown.rpartition("xx")[0]
    assert "65535" in shown


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://no-color.org."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(written(Terminal(), {"name": "lamp"}))


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot move its cursor."""
    monkeypatch.setenv("TERM", "dumb")
    assert written(Terminal(), {"name": "lamp"}) == "NAME      PORT   TXT\nlamp\n"


@pytest.mark.parametrize(
    ("stream", "environment", "coloured"),
    [
        (Terminal, {"TERM": "xterm"}, True),
        (Terminal, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal, {"TERM": "dumb"}, False),
        (io.StringIO, {"TERM": "xterm"}, False),
    ],
)
def test_lines_are_coloured_on_a_terminal_alone(
    stream: type[io.StringIO],
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    coloured: bool,
) -> None:
    """The cells that their column has a colour for, and no space beside them."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = stream()
    columns = (Column("event", "EVENT", 6, colours={"lost": "31"}), Column("name", "NAME", 0))
    lines = Lines(columns, out)
    lines.row({"event": "lost", "name": "lost"})
    lines.row({"event": "found", "name": "a"})
    lost = "\x1b[31mlost\x1b[0m" if coloured else "lost"
    assert out.getvalue() == f"{lost}    lost\nfound   a\n"


LAMP = {
    "name": "Kitchen lamp",
    "type": "_http._tcp",
    "host": "kitchen-lamp.local",
    "port": 8086,
    "reason": None,
    "addresses": [{"address": one} for one in ("192.168.100.20", "fd77::1:2:3:4", "fe80::1%eth0")],
}


def story(width: int, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `events` prints of a lamp with three addresses, uncoloured."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    at = "2026-01-01T00:00:00.000Z"
    cast = {"name": "Living room Chromecast Ultra", "type": "_googlecast._tcp", "port": 8009}
    lines = Lines(CHANGES, stream)
    lines.begin()
    lines.row({"at": at, "event": "service.resolved", "service": LAMP})
    lines.row({"at": at, "event": "service.resolve-failed", "service": LAMP | cast})
    lines.row({"at": at, "event": "service.lost", "service": LAMP | {"reason": "no-answer"}})
    return stream.getvalue().splitlines()


ALARM = (
    "10.77.0.3 is lamp.local, but plug.local, which is 10.77.0.4, says it is its own: who opens "
    "plug.local may get lamp.local"
)


def line_of(width: int, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, **row: Any) -> str:
    """What `events` prints of one change."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    Lines(CHANGES, stream).row({"at": "2026-01-01T00:00:00.000Z", **row})
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160, 200])
@pytest.mark.parametrize(
    "row",
    [
        {"event": "alarm.raised", "alarm": {"detail": ALARM}},
        {"event": "network.changed", "reasons": ["eth0 has another address", "wlan0 went"] * 4},
        {"event": "advertisement.renamed", "old": "Garage door" * 2, "new": "Door (2)" * 4},
        {"event": "advertisement.failed", "name": "Garage door._http._tcp.local"},
        {"event": "service.updated", "service": LAMP, "changed": ["addresses", "host", "txt"] * 2},
    ],
    ids=lambda row: row["event"],
)
def test_a_sentence_goes_on_below(
    width: int, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it, no word in two, and no line is wrapped by the terminal."""
    shown = line_of(width, Terminal(), monkeypatch, **row)
    assert max(map(len, shown.splitlines())) <= width
    details = next(column for column in CHANGES if column.heading == "DETAILS").cell(row)
    assert details
    assert details in " ".join(shown.split())


def test_an_alarm_begins_where_nothing_stands_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no name, type or port, and takes their room if it needs it."""
    assert line_of(
        100, Terminal(), monkeypatch, event="alarm.raised", alarm={"detail": ALARM}
    ).splitlines() == [
        "00:00:00  alarm.raised            10.77.0.3 is lamp.local, but plug.local, which is "
        "10.77.0.4, says",
        "                                  it is its own: who opens plug.local may get lamp.local",
    ]
    short = line_of(120, Terminal(), monkeypatch, event="network.changed", reasons=["eth0 came"])
    assert short.index("eth0") == 88


def test_an_alarm_in_a_pipe_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the column of details, also a long one of long names."""
    detail = ALARM * 5
    told = line_of(80, io.StringIO(), monkeypatch, event="alarm.over", alarm={"detail": detail})
    assert told.endswith(f"  {detail}\n")
    assert told.count("\n") == 1


def test_a_change_in_a_narrow_window_goes_on_below(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that has no room stands in the next line, whole."""
    lost = {"event": "service.lost", "service": LAMP | {"reason": "goodbye"}}
    assert line_of(60, Terminal(), monkeypatch, **lost).splitlines() == [
        "00:00:00  service.lost      Kitchen lamp   _http._tcp  8086",
        "    goodbye  192.168.100.20, fd77::1:2:3:4, fe80::1%eth0",
    ]
    assert line_of(40, Terminal(), monkeypatch, **lost).splitlines() == [
        "00:00:00  service.lost      Kitchen lamp",
        "    _http._tcp  8086   goodbye",
        "    192.168.100.20, fd77::1:2:3:4 …",
    ]


@pytest.mark.parametrize("width", [80, 90, 100, 120, 160, 200])
def test_a_change_is_one_line_of_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its port, and of many addresses those that have room."""
    lines = story(width, Terminal(), monkeypatch)
    assert len(lines) == 4
    assert max(map(len, lines)) <= width
    heading, resolved, failed, lost = lines
    assert re.search("  service.resolved +Kitchen lamp +_http._tcp  ", resolved)
    assert heading.index("PORT") == resolved.index("8086") == failed.index("8009")
    assert "no-answer" in lost
    shown = resolved.partition("8086")[2].removesuffix(" …").strip().split(", ")
    assert shown == ["192.168.100.20", "fd77::1:2:3:4", "fe80::1%eth0"][: len(shown)]
    assert resolved.endswith(" …") is (len(shown) < 3) is (width < 200)


def test_the_narrowest_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut says so; half an address would be a wrong one."""
    assert [line[8:] for line in story(80, Terminal(), monkeypatch)] == [
        "  EVENT             NAME           TYPE        PORT   DETAILS  ADDRESSES",
        "  service.resolved  Kitchen lamp   _http._tcp  8086   192.168.100.20 …",
        "  service.resolve…  Living room …  _googleca…  8009   192.168.100.20 …",
        "  service.lost      Kitchen lamp   _http._tcp  8086   no-answer  …",
    ]


def test_a_change_in_a_pipe_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the same, however wide the terminal is from which it was started."""
    lines = story(80, io.StringIO(), monkeypatch)
    assert lines == story(200, io.StringIO(), monkeypatch)
    assert lines[1] == (
        "2026-01-01T00:00:00.000Z  service.resolved        Kitchen lamp                  "
        "_http._tcp        8086                 192.168.100.20, fd77::1:2:3:4, fe80::1%eth0"
    )


@pytest.mark.parametrize("at", ["half past seven", "9999-12-31T23:59:59-23:59"])
def test_a_time_that_is_none_is_no_bug(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What answers at the URL may be anything."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    lines = Lines(CHANGES, out := Terminal())
    lines.row({"at": at, "event": "resync"})
    assert out.getvalue().startswith(f"{at[:7]}…  ")

"""CSV."""

import csv
import io

from lanbridge.cli.formats.csv import Writer
from lanbridge.cli.output import Column


def test_a_header_and_a_record_for_each_row() -> None:
    """Cells are quoted where they must be, and no spreadsheet computes one."""
    stream = io.StringIO()
    writer = Writer((Column("name", "NAME", 9), Column("port", "PORT", 9)), stream)
    writer.begin()
    assert stream.getvalue() == "name,port\n"
    writer.row({"name": '=HYPERLINK("x")', "port": 80})
    writer.row({"name": "a, b\n", "port": None})
    writer.end()
    assert list(csv.reader(io.StringIO(stream.getvalue()))) == [
        ["name", "port"],
        ['\'=HYPERLINK("x")', "80"],
        [r"a, b\u{a}", ""],
    ]

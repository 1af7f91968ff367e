"""Cells, and the promise that a format is ended whatever happens."""

import pytest

from lanbridge.cli.output import Column, plain, writing

NAME = (Column("name", "NAME", 6),)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "yes"), (False, "no"), (8620, "8620"), (["a", 1], "a, 1"), ("é", "é")],
    ids=repr,
)
def test_a_cell_is_plain_text(value: object, text: str) -> None:
    """Nothing for None, words for booleans, commas between items."""
    assert plain(value) == text


def test_a_column_that_a_row_does_not_have_is_empty() -> None:
    """An older daemon may not know it yet."""
    assert NAME[0].cell({}) == ""


def test_the_format_is_ended_when_the_command_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """What was found before an interrupt is printed."""

    def interrupted() -> None:
        with writing("json", NAME) as write:
            write({"name": "lamp"})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert '"name": "lamp"' in capsys.readouterr().out

"""Which token a command shows to which daemon."""

from pathlib import Path

import pytest

from lanbridge.cli.writing import find_token
from lanbridge.core.errors import InvalidInput, TokenRequired
from lanbridge.token import WriteToken

HERE = "http://127.0.0.1:8620"


@pytest.fixture(name="kept")
def kept_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The token of this host's daemon."""
    monkeypatch.setenv("LANBRIDGE_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("LANBRIDGE_TOKEN", raising=False)
    return WriteToken(tmp_path).ensured()


@pytest.mark.parametrize("url", [HERE, "localhost:8620", "http://[::1]:8620/"])
def test_that_of_this_host_is_found(kept: str, url: str) -> None:
    """For the daemon of this host."""
    assert find_token(url, None) == kept


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1:8620", "pi.local:8620", "http://127.0.0.1.evil.example:8620"],
)
def test_it_is_not_sent_elsewhere(kept: str, url: str) -> None:
    """Whoever answers there would have it; that of another daemon has to be given."""
    with pytest.raises(TokenRequired, match="a token of its own"):
        find_token(url, None)


def test_the_one_that_is_given_counts(
    kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file before the variable, and both before what lies here, for any host."""
    monkeypatch.setenv("LANBRIDGE_TOKEN", "of-the-variable")
    file = tmp_path / "given"
    file.write_text("of-the-file\n")
    assert find_token("http://10.0.0.1", None) == "of-the-variable"
    assert find_token("http://10.0.0.1", file) == "of-the-file"


def test_a_file_that_is_none_is_told(kept: str, tmp_path: Path) -> None:
    """It was asked for by name."""
    with pytest.raises(InvalidInput, match="it cannot be read"):
        find_token(HERE, tmp_path / "missing")


def test_where_there_is_none_the_remedy_is_told(kept: str, tmp_path: Path) -> None:
    """The daemon runs as another user, or has never run."""
    (tmp_path / "token").unlink()
    with pytest.raises(TokenRequired, match="ask as the daemon's user or root"):
        find_token(HERE, None)

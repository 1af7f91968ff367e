"""The write token: made once, kept, rotated, and compared."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lanbridge.core.errors import TokenRequired, TokenUnavailable, TokenWrong
from lanbridge.token import WriteToken


def test_it_is_made_once(tmp_path: Path) -> None:
    """At the first start; 256 bits, in a file for its owner alone."""
    token = WriteToken(tmp_path / "state").ensured()
    assert WriteToken(tmp_path / "state").ensured() == token
    assert re.fullmatch(r"[\w-]{43}", token)
    assert stat.S_IMODE((tmp_path / "state" / "token").stat().st_mode) == 0o600


def test_two_that_start_at_once_have_one(tmp_path: Path) -> None:
    """The first to give the file its name wins, and the other takes it."""
    for number in range(20):
        directory = tmp_path / str(number)
        with ThreadPoolExecutor(8) as threads:
            made = set(threads.map(lambda _: WriteToken(directory).ensured(), range(8)))  # noqa: B023
        assert made == {WriteToken(directory).shown()}


def test_it_lets_pass_who_shows_it_and_nobody_else(tmp_path: Path) -> None:
    """Whatever else is offered, in whatever characters."""
    token = WriteToken(tmp_path)
    token.check(token.ensured())
    with pytest.raises(TokenRequired, match="it takes the token of this daemon"):
        token.check(None)
    for wrong in ("", "x", token.ensured()[:-1], token.ensured() + "x", "客厅", "\udcff"):
        with pytest.raises(TokenWrong):
            token.check(wrong)


def test_a_new_one_counts_at_once(tmp_path: Path) -> None:
    """For a daemon that runs too: another process has written it."""
    running = WriteToken(tmp_path)
    old = running.ensured()
    new = WriteToken(tmp_path).rotate()
    assert new != old
    running.check(new)
    with pytest.raises(TokenWrong):
        running.check(old)


def test_one_that_a_user_wrote_is_kept(tmp_path: Path) -> None:
    """The same on many sites, for example."""
    (tmp_path / "token").write_text("correct-horse-battery-staple\n")
    assert WriteToken(tmp_path).ensured() == "correct-horse-battery-staple"


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"short", b"\xff" * 40, b"two words of a sentence", b"x" * 600]
)
def test_a_file_without_a_token_is_written_anew(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """As a power cut leaves one; an empty token would let everybody pass. The journal says so."""
    (tmp_path / "token").write_bytes(content)
    token = WriteToken(tmp_path)
    assert token.shown() is None
    with pytest.raises(TokenWrong):
        token.check(content.decode("latin-1").strip())
    assert re.fullmatch(r"[\w-]{43}", token.ensured())
    (line,) = caplog.messages
    assert line.startswith(f"{tmp_path / 'token'} held no token")


def test_where_it_cannot_be_kept_nobody_passes(tmp_path: Path) -> None:
    """And the reason is told; once it can be, it is."""
    blocked = tmp_path / "state"
    blocked.write_text("a file where the directory should be")
    token = WriteToken(blocked)
    for offered in (None, "", "x" * 43):
        with pytest.raises(TokenUnavailable, match="it cannot be written"):
            token.check(offered)
    assert "let the daemon write its state directory" in (token.problem() or "")
    blocked.unlink()
    assert token.problem() is None
    token.check(token.shown())


def test_a_file_that_may_not_be_read_is_no_file_to_replace(tmp_path: Path) -> None:
    """Here it is a directory; it might be another user's."""
    (tmp_path / "token").mkdir()
    with pytest.raises(TokenUnavailable, match="it cannot be read"):
        WriteToken(tmp_path).ensured()
    with pytest.raises(TokenUnavailable, match="it cannot be read"):
        WriteToken(tmp_path).shown()


def test_what_no_daemon_has_made_is_not_rotated(tmp_path: Path) -> None:
    """Its user would have a token that no daemon knows."""
    for directory in (tmp_path, tmp_path / "typo", tmp_path / "typo" / "typo"):
        with pytest.raises(TokenUnavailable, match="this state directory holds none"):
            WriteToken(directory).rotate()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uid", [65534, 4_000_000_000], ids=["a name", "no name"])
def test_what_the_daemon_could_not_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uid: int
) -> None:
    """By a user of its group, say: from then on all that change something would be refused."""
    token = WriteToken(tmp_path)
    kept = token.ensured()
    stat_ = Path.stat

    def owned(path: Path, **given: bool) -> os.stat_result:
        real = stat_(path, **given)
        return os.stat_result((*real[:4], uid, *real[5:])) if path.name == "token" else real

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(Path, "stat", owned)
    with pytest.raises(TokenUnavailable, match=f"of user (nobody|{uid}), who could not read"):
        token.rotate()
    assert token.shown() == kept
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    assert token.rotate() != kept

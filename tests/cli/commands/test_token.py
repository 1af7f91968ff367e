"""`lanbridge token` on a state directory."""

from collections.abc import Callable
from pathlib import Path

from lanbridge.token import WriteToken

Run = Callable[..., tuple[int, str, str]]


def test_it_is_shown(run: Run, tmp_path: Path) -> None:
    """Alone on its line, for a shell."""
    token = WriteToken(tmp_path).ensured()
    assert run("token", "--state-dir", str(tmp_path)) == (0, f"{token}\n", "")


def test_it_is_rotated(run: Run, tmp_path: Path) -> None:
    """The new one is printed."""
    old = WriteToken(tmp_path).ensured()
    status, out, _ = run("token", "--rotate", "--state-dir", str(tmp_path))
    assert (status, out) == (0, f"{WriteToken(tmp_path).shown()}\n")
    assert out.strip() != old


def test_it_is_found_where_the_settings_say(run: Run, tmp_path: Path) -> None:
    """Those of a file."""
    token = WriteToken(tmp_path / "state").ensured()
    config = tmp_path / "lanbridge.toml"
    config.write_text(f"state_dir = '{tmp_path / 'state'}'\n")
    assert run("token", "--config", str(config)) == (0, f"{token}\n", "")


def test_before_the_first_start_there_is_none(run: Run, tmp_path: Path) -> None:
    """And to look for it makes none: the daemon may run as another user."""
    for words in (["token"], ["token", "--rotate"]):
        status, out, err = run(*words, "--state-dir", str(tmp_path))
        assert (status, out) == (3, "")
        assert "start the daemon once" in err
    assert list(tmp_path.iterdir()) == []

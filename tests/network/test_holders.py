"""Who holds a port of this host, found by their descriptors."""

import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanbridge.network.holders import udp_holders
from tests.core.test_port_holders import UDP, UDP6


def process(proc: Path, pid: int, comm: str, *inodes: int, cmdline: bytes = b"") -> None:
    """Put a process there that has these sockets, and a pipe of the same number."""
    directory = proc / str(pid)
    (directory / "fd").mkdir(parents=True)
    (directory / "comm").write_text(f"{comm}\n")
    (directory / "cmdline").write_bytes(cmdline)
    for number, inode in enumerate(inodes):
        (directory / "fd" / str(number)).symlink_to(f"socket:[{inode}]")
    (directory / "fd" / "99").symlink_to("pipe:[57103]")


def proc_of(path: Path) -> Path:
    """A /proc with sockets of three inodes, and no process."""
    (path / "net").mkdir()
    (path / "net/udp").write_text(UDP)
    (path / "net/udp6").write_text(UDP6)
    return path


def test_every_process_with_a_socket_on_the_port(tmp_path: Path) -> None:
    """A socket that two processes share has two holders."""
    proc = proc_of(tmp_path)
    process(proc, 612, "avahi-daemon", 57103, 57104, 1)
    process(proc, 613, "avahi-daemon", 57103)
    process(proc, 700, "other", 4711)
    first, second = udp_holders(5353, proc)
    assert (str(first), first.sockets, first.drops) == ("avahi-daemon (pid 612)", 2, 3)
    assert (str(second), second.sockets) == ("avahi-daemon (pid 613)", 1)
    assert udp_holders(53, proc) == ()


def test_what_is_not_shown_is_said_by_its_user(tmp_path: Path) -> None:
    """Another user's descriptors are hidden from us; the user of a socket is not."""
    proc = proc_of(tmp_path)
    process(proc, 612, "avahi-daemon", 57103)
    visible, hidden = udp_holders(5353, proc)
    assert (visible.pid, visible.sockets) == (612, 1)
    assert (hidden.pid, hidden.sockets, hidden.suspects) == (None, 1, ())


def test_a_stack_that_does_not_show_its_sockets_is_suspected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a user who is not root one sees that avahi runs, and not what it holds."""
    proc = proc_of(tmp_path)
    process(proc, 612, "avahi-daemon", 57103, 57104)
    process(proc, 613, "sshd", 1)
    iterdir = Path.iterdir

    def hidden(path: Path) -> Iterator[Path]:
        if path.name == "fd":
            raise PermissionError
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", hidden)
    [holder] = udp_holders(5353, proc)
    assert (holder.pid, holder.suspects) == (None, (("avahi-daemon", 612),))
    assert holder.may_be("avahi-daemon")


def test_a_lanbridge_is_known_by_its_command_line(tmp_path: Path) -> None:
    """It may run under the name of Python."""
    proc = proc_of(tmp_path)
    process(proc, 5, "python3", 57103, cmdline=b"python3\0/opt/lanbridge/bin/lanbridge\0serve\0")
    process(proc, 6, "python3", 57104, cmdline=b"python3\0-m\0lanbridge\0serve\0")
    process(proc, 7, "vi", 57104, cmdline=b"vi\0/etc/lanbridge.toml\0")
    assert [one.is_lanbridge for one in udp_holders(5353, proc)] == [True, True, False]


def test_this_process_on_the_real_system() -> None:
    """What the kernel says today is understood."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        [holder] = udp_holders(held.getsockname()[1])
        assert (holder.pid, holder.sockets) == (os.getpid(), 1)
        assert holder.user in (str(os.getuid()), pwd.getpwuid(os.getuid()).pw_name)

"""Which processes of this host hold a UDP port: every one, not the first that is found."""

import contextlib
import pwd
from pathlib import Path

from lanbridge.core.port_holders import Holder, UdpSocket, parse_udp

PROC = Path("/proc")
# Who holds UDP 5353 as a rule; the kernel keeps fifteen letters of a name.
STACKS = ("avahi-daemon", "systemd-resolve", "mdnsd", "mDNSResponder", "umdns")


def udp_holders(port: int, proc: Path = PROC) -> tuple[Holder, ...]:
    """By process; sockets whose process we may not see come last, by user. Empty elsewhere
    than on Linux.

    It reads the descriptors of every process, which takes milliseconds: not for every request.
    """
    wanted = {one.inode: one for one in _sockets(proc) if one.port == port}
    holders, suspects = [], []
    unseen = dict(wanted)
    for process in sorted(proc.glob("[0-9]*"), key=lambda one: int(one.name)) if wanted else ():
        inodes, pid = _inodes(process), int(process.name)
        if inodes is None:
            name, _ = _who(process)
            suspects += [(name, pid)] if name in STACKS else []
        elif held := [wanted[inode] for inode in inodes & wanted.keys()]:
            name, is_lanbridge = _who(process)
            holders.append(_holder(held, pid=pid, name=name, is_lanbridge=is_lanbridge))
            unseen = {inode: one for inode, one in unseen.items() if one not in held}
    for uid in sorted({one.uid for one in unseen.values()}):
        hidden = [one for one in unseen.values() if one.uid == uid]
        holders.append(_holder(hidden, pid=None, name="", suspects=tuple(suspects)))
    return tuple(holders)


def _sockets(proc: Path) -> list[UdpSocket]:
    found = []
    for file, version in (("udp", 4), ("udp6", 6)):
        with contextlib.suppress(OSError):  # no IPv6, or no Linux
            found += parse_udp((proc / "net" / file).read_text(), version)
    return found


def _inodes(process: Path) -> set[int] | None:
    """Of its sockets; None where we may not see them."""
    found = set()
    try:
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                kind, _, inode = str(descriptor.readlink()).partition(":[")
                if kind == "socket":
                    found.add(int(inode.rstrip("]")))
    except PermissionError:
        return None
    except OSError:  # gone meanwhile
        return set()
    return found


def _who(process: Path) -> tuple[str, bool]:
    """Its name, and whether it is a lanbridge, which may run under the name of Python."""
    name, words = "", []
    with contextlib.suppress(OSError):
        name = (process / "comm").read_text(errors="replace").strip()
        words = (process / "cmdline").read_bytes().split(b"\0")[:4]
    return name, any(word.rpartition(b"/")[2] == b"lanbridge" for word in words)


def _holder(
    sockets: list[UdpSocket],
    *,
    pid: int | None,
    name: str,
    is_lanbridge: bool = False,
    suspects: tuple[tuple[str, int], ...] = (),
) -> Holder:
    return Holder(
        pid=pid,
        name=name,
        user=_user(sockets[0].uid),
        sockets=len(sockets),
        drops=sum(one.drops for one in sockets),
        is_lanbridge=is_lanbridge,
        suspects=suspects,
    )


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # of systemd, made when its service started, or of another container
        return str(uid)

"""Which processes of this host hold a UDP port: every one, not the first that is found."""

import contextlib
from pathlib import Path

from lanbridge.core.port_holders import Holder, UdpSocket, parse_udp

PROC = Path("/proc")


def udp_holders(port: int, proc: Path = PROC) -> tuple[Holder, ...]:
    """By process; sockets whose process we may not see come last, by user. Empty elsewhere
    than on Linux.

    It reads the descriptors of every process, which takes milliseconds: not for every request.
    """
    wanted = {one.inode: one for one in _sockets(proc) if one.port == port}
    holders = []
    unseen = dict(wanted)
    for process in sorted(proc.glob("[0-9]*"), key=lambda one: int(one.name)) if wanted else ():
        held = {inode: wanted[inode] for inode in _inodes(process) & wanted.keys()}
        if held:
            name, is_lanbridge = _who(process)
            holders.append(_holder(list(held.values()), int(process.name), name, is_lanbridge))
            unseen = {inode: one for inode, one in unseen.items() if inode not in held}
    for uid in sorted({one.uid for one in unseen.values()}):
        holders.append(_holder([one for one in unseen.values() if one.uid == uid]))
    return tuple(holders)


def _sockets(proc: Path) -> list[UdpSocket]:
    found = []
    for file, version in (("udp", 4), ("udp6", 6)):
        with contextlib.suppress(OSError):  # no IPv6, or no Linux
            found += parse_udp((proc / "net" / file).read_text(), version)
    return found


def _inodes(process: Path) -> set[int]:
    found = set()
    with contextlib.suppress(OSError):  # another user's, or gone meanwhile
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                kind, _, inode = str(descriptor.readlink()).partition(":[")
                if kind == "socket":
                    found.add(int(inode.rstrip("]")))
    return found


def _who(process: Path) -> tuple[str, bool]:
    """Its name, and whether it is a lanbridge, which may run under the name of Python."""
    name, words = "", []
    with contextlib.suppress(OSError):
        name = (process / "comm").read_text(errors="replace").strip()
        words = (process / "cmdline").read_bytes().split(b"\0")[:4]
    return name, any(word.rpartition(b"/")[2] == b"lanbridge" for word in words)


def _holder(
    sockets: list[UdpSocket], pid: int | None = None, name: str = "", is_lanbridge: bool = False
) -> Holder:
    return Holder(
        pid=pid,
        name=name,
        uid=sockets[0].uid,
        sockets=len(sockets),
        drops=sum(one.drops for one in sockets),
        queued_bytes=sum(one.queued_bytes for one in sockets),
        is_lanbridge=is_lanbridge,
    )

"""Who holds a port, from the text of the kernel."""

from dataclasses import replace

from lanbridge.core.port_holders import Holder, blame, named, parse_udp

# As Linux 6.18 prints it; the addresses are in its own byte order, the ports are not.
UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
13902: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   108        0 57103 2 0000000053414d2e 0
  411: 0100007F:21AC 00000000:0000 07 00000000:00000A00 00:00000000 00000000     0        0 4711 2 000000001bd0c3a1 17
"""  # noqa: E501
UDP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
13902: 00000000000000000000000000000000:14E9 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   108        0 57104 2 00000000ea0e4eb5 3
"""  # noqa: E501


def holder(name: str = "avahi-daemon", pid: int | None = 612) -> Holder:
    """A process with two sockets."""
    return Holder(pid=pid, name=name, user="avahi", sockets=2, drops=0)


def test_a_socket_is_a_line() -> None:
    """Port, user, inode, and what was dropped."""
    first, second = parse_udp(UDP, 4)
    assert (first.port, first.uid, first.inode, first.drops) == (5353, 108, 57103, 0)
    assert (second.port, second.drops) == (8620, 17)
    [third] = parse_udp(UDP6, 6)
    assert (third.version, third.port, third.drops) == (6, 5353, 3)


def test_what_the_kernel_never_prints_is_left_out() -> None:
    """A line that was cut short, and no line at all."""
    assert parse_udp("", 4) == []
    assert parse_udp(UDP.splitlines()[0] + "\n13902: 00000000:14E9", 4) == []


def test_all_of_them_are_named() -> None:
    """The first that is found may be the wrong one."""
    two = [holder(), holder("python3", 70)]
    assert named(two) == "avahi-daemon (pid 612) and python3 (pid 70)"
    assert named([holder()]) == "avahi-daemon (pid 612)"
    assert named([]) == ""
    many = [holder("a", number) for number in range(1, 8)]
    assert named(many) == "a (pid 1), a (pid 2), a (pid 3), a (pid 4) and 3 more"


def test_the_blame_names_the_holder_and_what_to_change() -> None:
    """avahi by its setting; a process that is not shown by the command that shows it."""
    rule, remedy = blame([holder()])
    assert rule == "avahi-daemon (pid 612) holds it for itself alone"
    assert "disallow-other-stacks=no" in remedy
    rule, remedy = blame([holder("", None)])
    assert "user avahi" in rule
    assert "sudo ss -ulpn" in remedy
    guess = replace(holder("", None), suspects=(("avahi-daemon", 612),))
    rule, remedy = blame([guess])
    assert "(perhaps avahi-daemon, pid 612) holds it for itself alone" in rule
    assert "disallow-other-stacks=no" in remedy
    rule, remedy = blame([holder("chrome", 7), holder("python3", 70)])
    assert "at least one of them" in rule
    assert "stop it" in remedy
    assert "another mDNS stack" in blame([])[0]

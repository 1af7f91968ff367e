"""Memberships of the mDNS groups."""

import sys
from pathlib import Path

from lanbridge.core.addresses import NetworkState
from lanbridge.doctor.checks.memberships import GROUPS, LIMIT, joined_v4, joined_v6
from lanbridge.doctor.finding import Severity
from tests.doctor.made import host, one
from tests.echo.home import interface

_GROUP = f"{int.from_bytes(GROUPS[4].packed, sys.byteorder):08X}"
IGMP = f"""\
Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter
1\tlo        :     1      V3
\t\t\t\t010000E0     1 0:00000000\t\t0
2\teth0      :     2      V3
\t\t\t\t{_GROUP}     2 0:00000000\t\t0
\t\t\t\t010000E0     1 0:00000000\t\t0
4\twlan0     :     1      V2
\t\t\t\t010000E0     1 0:00000000\t\t0
"""
IGMP6 = """\
1    lo              ff020000000000000000000000000001     1 0000000C 0
2    eth0            ff0200000000000000000000000000fb     1 00000004 0
4    wlan0           ff0200000000000000000001ff000002     1 00000004 0
"""
FILES = {"proc/net/igmp": IGMP, "proc/net/igmp6": IGMP6, LIMIT: "20\n"}


def test_the_files_of_the_kernel_are_read() -> None:
    """Other groups are none of ours."""
    assert joined_v4(IGMP) == {"eth0"}
    assert joined_v6(IGMP6) == {"eth0"}
    assert joined_v4("") == joined_v6("") == set()


def test_a_daemon_that_has_not_joined_is_deaf(tmp_path: Path) -> None:
    """On wlan0, which has IPv4 only."""
    finding = one("memberships", host(tmp_path, FILES, daemon_id="abc"))
    assert finding.severity is Severity.PROBLEM
    assert finding.sentence == "nobody has joined the mDNS group on wlan0 over IPv4"


def test_without_a_daemon_nobody_need_have_joined(tmp_path: Path) -> None:
    """But what there is, and the limit, is told."""
    finding = one("memberships", host(tmp_path, FILES))
    assert finding.severity is Severity.OK
    assert finding.evidence == {"joined": ["eth0 224.0.0.251", "eth0 ff02::fb"], "limit": 20}


def test_more_interfaces_than_a_socket_may_join(tmp_path: Path) -> None:
    """Not our trouble, which is why it is a warning."""
    many = NetworkState(tuple(interface(f"eth{n}", n, f"10.0.{n}.1/24") for n in range(1, 23)))
    finding = one("memberships", host(tmp_path, FILES, network=many))
    assert finding.severity is Severity.WARNING
    assert finding.remedy == "sudo sysctl -w net.ipv4.igmp_max_memberships=44"

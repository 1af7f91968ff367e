"""systemd-resolved beside avahi."""

from pathlib import Path

from lanbridge.doctor.checks.resolved import NAME, multicast_dns
from lanbridge.doctor.finding import Severity
from tests.doctor.made import found, holder, host, one

RESOLVED = holder(NAME, 90)


def test_the_last_file_by_name_decides(tmp_path: Path) -> None:
    """resolved.conf(5); a drop-in of /etc hides one of the same name in /usr/lib."""
    files = {
        "etc/systemd/resolved.conf": "[Resolve]\n#MulticastDNS=no\n",
        "usr/lib/systemd/resolved.conf.d/20-a.conf": "[Resolve]\nMulticastDNS=no\n",
        "run/systemd/resolved.conf.d/10-b.conf": "[Resolve]\nMulticastDNS=yes\n",
    }
    assert multicast_dns(host(tmp_path)) == ("as it was built", "default")
    told = multicast_dns(host(tmp_path, files))
    assert told == ("no", "/usr/lib/systemd/resolved.conf.d/20-a.conf")
    hidden = {"etc/systemd/resolved.conf.d/20-a.conf": "[Resolve]\n MulticastDNS = resolve\n"}
    told = multicast_dns(host(tmp_path, hidden))
    assert told == ("resolve", "/etc/systemd/resolved.conf.d/20-a.conf")


def test_it_matters_only_where_it_holds_the_port(tmp_path: Path) -> None:
    """Its mDNS is off on Debian."""
    assert found("resolved", host(tmp_path, holders=(holder(),))) == []
    assert one("resolved", host(tmp_path, holders=(RESOLVED,))).severity is Severity.OK


def test_two_that_claim_the_host_name_are_a_warning(tmp_path: Path) -> None:
    """avahi and resolved; the remedy writes a drop-in that wins."""
    finding = one("resolved", host(tmp_path, holders=(RESOLVED, holder())))
    assert finding.severity is Severity.WARNING
    assert "MulticastDNS=no" in (finding.remedy or "")
    assert "\n" not in (finding.remedy or "")

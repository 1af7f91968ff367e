"""Wi-Fi power save, which lets a host sleep through multicast."""

from collections.abc import Iterator

from lanbridge.doctor.finding import Finding, Severity, ok, unknown
from lanbridge.doctor.host import Host

_CONSEQUENCE = (
    "The radio sleeps between beacons and misses multicast: devices come and go in lists, and this "
    "host is found late or not at all."
)


def check(host: Host) -> Iterator[Finding]:
    """Of the interfaces that are used; nothing where none is Wi-Fi."""
    for interface in host.used:
        name = interface.name
        if not (
            host.exists(f"sys/class/net/{name}/wireless")
            or host.exists(f"sys/class/net/{name}/phy80211")
        ):
            continue
        said = host.run(("iw", "dev", name, "get", "power_save"))
        state = (said or "").strip().rpartition(":")[2].strip()
        if state == "off":
            yield ok(f"Wi-Fi power save of {name} is off")
        elif state == "on":
            yield Finding(
                severity=Severity.WARNING,
                sentence=f"Wi-Fi power save of {name} is on",
                evidence={"iw": (said or "").strip()},
                consequence=_CONSEQUENCE,
                remedy=f"sudo iw dev {name} set power_save off; to keep it off: sudo nmcli "
                f'connection modify "$(nmcli -g GENERAL.CONNECTION device show {name})" '
                "wifi.powersave 2",
            )
        else:
            yield unknown(
                f"whether Wi-Fi power save of {name} is on is not known: iw does not say",
                f"If it is on: {_CONSEQUENCE[0].lower()}{_CONSEQUENCE[1:]}",
                f"sudo apt-get install iw && iw dev {name} get power_save",
            )

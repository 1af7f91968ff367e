"""The settings of avahi-daemon that concern whoever runs beside it."""

import re
from collections.abc import Iterator

from lanbridge.doctor.finding import Finding, Severity, ok
from lanbridge.doctor.host import Host

CONF = "etc/avahi/avahi-daemon.conf"
_RESTART = "sudo systemctl restart avahi-daemon"


def check(host: Host) -> Iterator[Finding]:
    """Nothing where there is no avahi."""
    text = host.text(CONF)
    running = any(one.may_be("avahi-daemon") for one in host.holders)
    if text is None:
        if running:
            yield ok("avahi-daemon runs with its defaults, beside which lanbridge works")
        return
    found = list(_judge(parse(text), [one.name for one in host.used], running))
    yield from found
    if not found:
        yield ok(f"avahi-daemon {'shares' if running else 'would share'} UDP 5353", file=f"/{CONF}")


def parse(text: str) -> dict[str, str]:
    """The values that are set, whatever section they are in: no name is in two."""
    pairs = re.findall(r"^[ \t]*([a-z0-9-]+)[ \t]*=[ \t]*(.*?)[ \t\r]*$", text, re.MULTILINE)
    return dict(pairs)


def _judge(settings: dict[str, str], used: list[str], running: bool) -> Iterator[Finding]:
    if is_yes(settings.get("disallow-other-stacks", "no")):
        yield Finding(
            severity=Severity.PROBLEM if running else Severity.WARNING,
            sentence="avahi-daemon is told to tolerate no other mDNS on this host",
            evidence={f"/{CONF}": "disallow-other-stacks=yes", "running": running},
            consequence="Whichever of the two starts first keeps UDP 5353: lanbridge is deaf then, "
            "or avahi-daemon does not start.",
            remedy="sudo sed -i 's/^ *disallow-other-stacks *=.*/disallow-other-stacks=no/' "
            f"/{CONF} && {_RESTART}",
        )
    if not running:
        return
    deaf = [name for name in used if not _speaks_on(name, settings)]
    if deaf:
        keys = [key for key in ("allow-interfaces", "deny-interfaces") if key in settings]
        yield Finding(
            severity=Severity.NOTE,
            sentence=f"avahi-daemon does not use {', '.join(deaf)}, and lanbridge does",
            evidence={key: settings[key] for key in keys},
            consequence="What programs of this host publish through avahi is not found there.",
            remedy=f"sudo sed -i 's/^ *({'|'.join(keys)}) *=/#&/' -E /{CONF} && {_RESTART}",
        )
    if is_yes(settings.get("enable-reflector", "no")):
        yield Finding(
            severity=Severity.NOTE,
            sentence="avahi-daemon repeats mDNS from one network into the other",
            evidence={f"/{CONF}": "enable-reflector=yes"},
            consequence="Devices of another network are listed that a phone here may not reach.",
        )


def is_yes(value: str) -> bool:
    """As avahi reads it: by the first letter."""
    return value[:1].lower() in ("y", "1", "t")


def _speaks_on(name: str, settings: dict[str, str]) -> bool:
    allowed = _names(settings.get("allow-interfaces"))
    return name not in _names(settings.get("deny-interfaces")) and (not allowed or name in allowed)


def _names(value: str | None) -> list[str]:
    return re.findall(r"[^\s,]+", value or "")

"""Runs every check, side by side, each within a time: worst findings first."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules

from lanbridge.doctor import checks
from lanbridge.doctor.finding import Finding, Severity, unknown
from lanbridge.doctor.host import Host

Check = Callable[[Host], Iterable[Finding]]

LIMIT_S = 5.0  # a state directory on a server that is gone would keep us for ever
_WORST_FIRST = tuple(Severity)


def every_check() -> dict[str, Check]:
    """By name: the file `udp_drops.py` is the check `udp-drops`."""
    return {
        module.name.replace("_", "-"): import_module(f"{checks.__name__}.{module.name}").check
        for module in sorted(iter_modules(checks.__path__), key=lambda one: one.name)
    }


def examine(
    host: Host, some: Mapping[str, Check] | None = None, limit_s: float = LIMIT_S
) -> list[Finding]:
    """What all of them find, or `some`. One that fails or hangs is a finding, and ends no other."""
    hung = {thread.name for thread in threading.enumerate()}
    running = [_Running(name, check, host) for name, check in (some or every_check()).items()]
    for one in running:
        if one.thread.name not in hung:  # since an earlier run: it does not get another
            one.thread.start()
    late_s = 0.0
    for one in running:
        if one.thread.name not in hung:
            one.thread.join(max(limit_s - late_s, 0.0))
            late_s += limit_s if one.thread.is_alive() else 0.0
    found = [finding for one in running for finding in one.findings()]
    return sorted(found, key=lambda one: (_WORST_FIRST.index(one.severity), one.check))


class _Running:
    """A check in a thread of its own, which nothing waits for when the program ends."""

    def __init__(self, name: str, check: Check, host: Host) -> None:
        self._name, self._check, self._host = name, check, host
        self._found: list[Finding] | None = None
        self.thread = threading.Thread(target=self._run, name=f"doctor: {name}", daemon=True)

    def findings(self) -> list[Finding]:
        found = self._found
        if found is None:
            found = [
                unknown(
                    f"the check {self._name} did not end",
                    "What it looks at hangs: a disk, a network file system, a program.",
                )
            ]
        return [replace(one, check=self._name) for one in found]

    def _run(self) -> None:
        try:
            self._found = list(self._check(self._host))
        except Exception as error:  # noqa: BLE001 - a check may fail in any way, and ends no other
            self._found = [
                Finding(
                    severity=Severity.WARNING,
                    sentence=f"the check {self._name} failed: {error!r}",
                    consequence="This is a bug in lanbridge; the other checks are not affected.",
                    remedy="report it, with this line",
                )
            ]

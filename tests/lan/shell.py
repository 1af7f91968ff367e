"""`make lab`: a shell on a host of a small LAN with real devices, to try lanbridge against.

`python -m tests.lan.shell COMMAND` runs one command line there instead.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from typing import TYPE_CHECKING

from tests.lan.discovery import Service
from tests.lan.lab import Lab

if TYPE_CHECKING:
    from pathlib import Path

WELCOME = """\
You are on the host "pi" of a LAN that exists only until you leave this shell (exit or ^D).

{table}

  lanbridge discover             what is there
  lanbridge serve &              the daemon; then: curl http://10.77.0.1:8620/api/v1/services
  on HOST COMMAND...             run a command on another host: on phone curl http://10.77.0.1:8620/
  lab-avahi-browse -at           what avahi sees (avahi-browse on the host "printer")

"""

ROW = "  {:<10} {:<14} {:<10} {}\n"


def main(command: str) -> int:
    """Make the LAN, run the command or a shell on it, and take it down."""
    with Lab() as lab:
        pi = lab.host("pi")
        lab.host("printer").avahi(
            [
                Service("Office printer", "_ipp._tcp", 631, {"rp": "ipp/print", "ty": "Laser"}),
                Service("Office printer", "_http._tcp", 80, {"path": "/"}),
                Service("Files of the office", "_smb._tcp", 445),
            ]
        )
        lamp = Service("Kitchen lamp", "_hap._tcp", 8086, {"md": "Lamp 1", "ci": "5"})
        lab.host("lamp", bridged=True).ciao(lamp)
        lab.host("speaker").bonjour_service(
            Service("Speaker", "_http._tcp", 8087, {"path": "/status"}),
            Service("Speaker", "_raop._tcp", 5000, {"cn": "0,1"}),
        )
        lab.host("phone")

        commands = lab.directory / "bin"
        commands.mkdir()
        write_commands(lab, commands)
        path = f"{commands}:{pi.environment['PATH']}"
        if command:
            return pi.shell(["sh", "-c", command], {"PATH": path})
        sys.stdout.write(WELCOME.format(table=table(lab)))
        sys.stdout.flush()
        shell = shutil.which("bash")
        start = [shell, "--norc", "-i"] if shell else ["sh", "-i"]
        pi.shell(start, {"PATH": path, "PS1": "pi (lab) $ "})
        return 0


def table(lab: Lab) -> str:
    """Say who is on the LAN."""
    what = {
        "pi": "you",
        "printer": "avahi: _ipp, _http and _smb",
        "lamp": "@homebridge/ciao: _hap",
        "speaker": "bonjour-service: _http and _raop",
        "phone": "nothing; stands for a phone",
    }
    rows = []
    for name, host in lab.hosts.items():
        ipv4, ipv6, *_ = [address.partition("/")[0] for address in host.addresses()]
        rows.append(ROW.format(name, ipv4, ipv6, what[name]))
    return "".join(rows).rstrip()


def write_commands(lab: Lab, directory: Path) -> None:
    """Write the commands that reach the other hosts."""
    cases = "".join(
        f'{name}) export HOME={shlex.quote(host.environment["HOME"])}; exec {host.entry} "$@" ;;\n'
        for name, host in lab.hosts.items()
    )
    names = " ".join(lab.hosts)
    scripts = {
        "on": f'#!/bin/sh\nhost=${{1-}}\n[ $# -lt 1 ] || shift\ncase "$host" in\n{cases}'
        f'*) echo "usage: on HOST COMMAND... (hosts: {names})" >&2; exit 2 ;;\nesac\n',
        "lab-avahi-browse": '#!/bin/sh\nexec on printer avahi-browse "$@"\n',
    }
    for name, text in scripts.items():
        script = directory / name
        script.write_text(text)
        script.chmod(0o755)


if __name__ == "__main__":
    try:
        sys.exit(main(" ".join(sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit(130)

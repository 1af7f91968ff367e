"""The namespaces of one host of the laboratory, and the programs that run in them."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lan.process import Process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What makes the namespaces of a host. It holds them open by sleeping in them: when the last
# process of a host ends, the kernel takes its namespaces, interfaces and mounts away.
# Nothing of the machine's own state is visible: /run (D-Bus, avahi), /var/lib and /etc/lanbridge
# are empty, and the host has a name and a machine id of its own, as two computers have.
HOLD = """
hostname "$1"
mount -t tmpfs tmpfs /run
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /var/lib
[ ! -d /etc/lanbridge ] || mount -t tmpfs tmpfs /etc/lanbridge
mkdir -p /run/dbus /run/avahi-daemon /var/lib/dbus
echo "$2" >/run/machine-id
cp /run/machine-id /var/lib/dbus/machine-id
[ ! -f /etc/machine-id ] || mount --bind /run/machine-id /etc/machine-id
ip link set lo up
echo held
exec sleep infinity
"""


class CommandError(AssertionError):
    """A command on a host failed; the message holds its output."""


class Namespaces:
    """Network, mount and host-name namespaces, held open until close()."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory
        self.directory.mkdir()
        self.processes: list[Process] = []
        self.environment = self._environment()
        namespaces = ["unshare", "--net", "--uts", "--mount", "--propagation", "private"]
        machine_id = uuid.uuid5(uuid.NAMESPACE_DNS, name).hex
        self._holder = Process(
            [*namespaces, "sh", "-euc", HOLD, "hold", name, machine_id],
            name="namespaces",
            env=self.environment,
        )
        self._holder.wait_line("^held$")
        self._enter = [
            *("nsenter", f"--target={self.pid}", "--net", "--uts", "--mount"),
            f"--wdns={Path.cwd()}",
        ]

    @property
    def pid(self) -> int:
        """The process that holds the namespaces open."""
        return self._holder.pid

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        timeout_s: float = 30.0,
        check: bool = True,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on this host to its end."""
        words = [str(word) for word in argv]
        done = subprocess.run(
            [*self._enter, *words],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env={**self.environment, **(env or {})},
            check=False,
        )
        if check and done.returncode != 0:
            raise CommandError(
                f"[{self.name}] {shlex.join(words)} ended with {done.returncode}\n"
                f"{done.stdout}{done.stderr}"
            )
        return done

    def popen(
        self,
        argv: Sequence[str | Path],
        *,
        name: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a program on this host; the laboratory ends it at the latest in close()."""
        words = [str(word) for word in argv]
        process = Process(
            words,
            name=name or Path(words[0]).name,
            env={**self.environment, **(env or {})},
            enter=self._enter,
        )
        self.processes.append(process)
        return process

    def python(self, argv: Sequence[str | Path]) -> Process:
        """Start a Python program with the interpreter of the tests."""
        return self.popen([sys.executable, "-u", *argv])

    def shell(self, argv: Sequence[str], env: Mapping[str, str]) -> int:
        """Run an interactive program on the terminal of this process."""
        return subprocess.call([*self._enter, *argv], env={**self.environment, **env})

    @property
    def entry(self) -> str:
        """The words of a shell command that enter this host."""
        return shlex.join(self._enter)

    def close(self) -> None:
        """End whatever runs in this host's network namespace, by process id, then the host."""
        # Until none is left, for a program may start another while this goes round.
        while programs := [pid for pid in self.pids() if pid != self._holder.pid]:
            for pid in programs:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()
        self._holder.kill()

    def pids(self) -> list[int]:
        """Return the ids of all processes in this host's network namespace."""
        return pids_in(self.namespace)

    @property
    def namespace(self) -> str:
        """The network namespace of this host, as the kernel names it."""
        return str(Path(f"/proc/{self._holder.pid}/ns/net").readlink())

    def _environment(self) -> dict[str, str]:
        # Without what would lead a program off its host: proxies, the desktop's bus and folders.
        off_host = ("LANBRIDGE_", "DBUS_", "XDG_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(off_host)}
        tools = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
        return {
            **kept,
            "PATH": os.pathsep.join(tools),
            "HOME": str(self.directory),
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
        }


def pids_in(namespace: str) -> list[int]:
    """Return the ids of the processes in a network namespace."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str((entry / "ns/net").readlink()) == namespace:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found

"""The systemd unit: confined, and true to the program that it starts."""

import shlex
from pathlib import Path

import pytest

from lanbridge.api.server import SHUTDOWN_S
from lanbridge.cli.main import EXIT_STATUS, main
from lanbridge.config import Settings
from lanbridge.config_sources import DEFAULT_FILE, load
from lanbridge.core.errors import EnvironmentProblem, InvalidInput

UNIT = Path(__file__).parents[1] / "systemd" / "lanbridge.service"

Unit = dict[str, list[str]]


@pytest.fixture(scope="module")
def service() -> Unit:
    """The values of each key of [Service], in order: a key may be there twice."""
    sections: dict[str, Unit] = {}
    for line in UNIT.read_text().splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, value = line.split("=", 1)
            section.setdefault(key, []).append(value)
    return sections["Service"]


@pytest.mark.parametrize(
    "key",
    [
        "DynamicUser",
        "LockPersonality",
        "MemoryDenyWriteExecute",
        "NoNewPrivileges",
        "PrivateDevices",
        "PrivateTmp",
        "ProtectClock",
        "ProtectControlGroups",
        "ProtectHome",
        "ProtectHostname",
        "ProtectKernelLogs",
        "ProtectKernelModules",
        "ProtectKernelTunables",
        "RestrictNamespaces",
        "RestrictRealtime",
        "RestrictSUIDSGID",
    ],
)
def test_it_is_confined(service: Unit, key: str) -> None:
    """What is not needed is taken away."""
    assert service[key] == ["yes"]


def test_it_has_no_privilege_and_writes_in_one_place(service: Unit) -> None:
    """No capability, a file system to read, and calls and families by list."""
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == [""]
    assert service["ProtectSystem"] == ["strict"]
    assert service["SystemCallArchitectures"] == ["native"]
    assert service["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert "ReadWritePaths" not in service


def test_it_may_ask_the_kernel_for_interfaces(service: Unit) -> None:
    """Without AF_NETLINK there are none, and without /proc/net no state of IPv6 addresses."""
    families = set(service["RestrictAddressFamilies"][0].split())
    assert families == {"AF_INET", "AF_INET6", "AF_NETLINK", "AF_UNIX"}
    assert "ProcSubset" not in service


def test_its_directories_are_those_of_the_settings(service: Unit) -> None:
    """systemd names the state directory in a variable, and the settings file is the default."""
    state_dir = f"/var/lib/{service['StateDirectory'][0]}"
    loaded = load(None, {}, {"STATE_DIRECTORY": state_dir})
    assert loaded.settings.state_dir == Settings.model_fields["state_dir"].default
    assert loaded.sources["state_dir"] == "STATE_DIRECTORY"
    assert Path("/etc", service["ConfigurationDirectory"][0]) == DEFAULT_FILE.parent


def test_it_starts_a_command_that_there_is(
    service: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    """A flag that does not exist any more would be refused before --help is seen."""
    program, *arguments = shlex.split(service["ExecStart"][0])
    assert Path(program).is_absolute()
    assert Path(program).name == "lanbridge"
    assert main([*arguments, "--help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: lanbridge serve ")


def test_it_is_started_again_unless_that_is_in_vain(service: Unit) -> None:
    """A taken port may be free in a while; a wrong setting stays wrong."""
    never = service["RestartPreventExitStatus"][0].split()
    assert service["Restart"] == ["on-failure"]
    assert str(EXIT_STATUS[InvalidInput]) in never
    assert str(EXIT_STATUS[EnvironmentProblem]) not in never
    # systemd gives up at the sixth start within 10 s (DefaultStartLimitBurst, …IntervalSec).
    assert int(service["RestartSec"][0]) * 5 > 10


def test_it_has_the_time_to_say_goodbye(service: Unit) -> None:
    """Open streams are cut first."""
    assert int(service["TimeoutStopSec"][0]) > SHUTDOWN_S + 2

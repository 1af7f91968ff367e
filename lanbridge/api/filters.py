"""Which services a list holds, and of which services the events are told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from lanbridge.api.context import made
from lanbridge.core.addresses import classify
from lanbridge.core.names import ServiceType, fold
from lanbridge.core.services import ServiceInstance, State
from lanbridge.core.views import is_own
from lanbridge.daemon import Daemon

Test = Callable[[ServiceInstance], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which services; for devices, which services they are made of."""

    type: Annotated[str | None, Query(description="A service type, `_http._tcp`.")] = None
    state: State | None = None
    host: Annotated[str | None, Query(description="A host name, `lamp.local`.")] = None
    name: Annotated[
        str | None, Query(description="Part of an instance name, or of what a device is called.")
    ] = None
    interface: Annotated[str | None, Query(description="Heard on this interface.")] = None
    own: Annotated[bool | None, Query(description="Whether it runs on this host.")] = None

    def test(self, daemon: Daemon) -> Test | None:
        """Whether a service is wanted; None if each is. Raises InvalidServiceType."""
        if self == Filter():
            return None
        type_ = str(ServiceType.parse(self.type)) if self.type is not None else None
        host = self.host and fold(self.host if "." in self.host else f"{self.host}.local")
        name = self.name and self.name.casefold()

        def wanted(one: ServiceInstance) -> bool:
            return (
                (type_ is None or one.type == type_)
                and (self.state is None or one.state is self.state)
                and (host is None or fold(one.host) == host)
                and (name is None or name in one.name.casefold())
                and (self.interface is None or self.interface in one.interfaces)
                and (self.own is None or _is_own(one, daemon) is self.own)
            )

        return wanted

    def services(self, daemon: Daemon) -> list[ServiceInstance]:
        """Those that are wanted, as they are now."""
        return list(filter(self.test(daemon), daemon.discovery.registry.services()))


TheFilter = Annotated[Filter, Depends(made(Filter))]


def _is_own(service: ServiceInstance, daemon: Daemon) -> bool:
    state = daemon.discovery.state
    return is_own([classify(one.address, state, one.interface) for one in service.addresses])

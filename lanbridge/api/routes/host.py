"""This host: its interfaces, its state, what it advertises, and the order to ask again."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from lanbridge import __version__
from lanbridge.api.context import TheDaemon, writing
from lanbridge.api.pages import Page
from lanbridge.api.problems import JsonResponse
from lanbridge.core.views import InterfaceView, as_json, interface_view, timestamp
from lanbridge.daemon import Daemon
from lanbridge.mdns.publish import Published

router = APIRouter(prefix="/api/v1")


@router.get("/interfaces", tags=["interfaces"], name="list", response_model=Page[InterfaceView])
async def list_interfaces(daemon: TheDaemon) -> JsonResponse:
    """Every interface of this host, used or not, and why."""
    views = [as_json(interface_view(one)) for one in daemon.discovery.state.interfaces]
    return JsonResponse({"items": views, "next": None})


class UdpEchoStatus(BaseModel):
    """`answered`: replies sent; `unsent`: replies that the system did not take."""

    on: bool
    answered: int
    unsent: int


class Writes(BaseModel):
    """`on`: whether anything can be changed over HTTP; `problem`: why not."""

    on: bool
    problem: str | None


class Status(BaseModel):
    """Counters count from the start of the daemon. Limits: what is there, and how much may be."""

    version: str
    id: str
    name: str
    started: str
    uptime_s: float
    ready: bool
    waiting_for: list[str]
    writes: Writes
    interfaces: list[str]
    services: int
    types: int
    subscribers: int
    packets_dropped: dict[str, int]
    records_refused: dict[str, int]
    echo_refused: dict[str, int]
    udp_echo: UdpEchoStatus
    http_refused: dict[str, int]
    findings: dict[str, int]


@router.get("/status", tags=["status"], name="get", response_model=Status)
async def status(request: Request, daemon: TheDaemon) -> JsonResponse:
    """Version, uptime, counters, and what was refused or dropped and why."""
    discovery = daemon.discovery
    waiting, udp, problem = daemon.waiting_for(), daemon.udp, daemon.token.problem()
    state = Status(
        version=__version__,
        id=daemon.id,
        name=own_name(daemon),
        started=timestamp(daemon.started_s),
        uptime_s=daemon.uptime_s(),
        ready=not waiting,
        waiting_for=waiting,
        writes=Writes(on=problem is None, problem=problem),
        interfaces=[link.name for link in discovery.engine.links.values()],
        services=len(discovery.registry),
        types=len(discovery.registry.types()),
        subscribers=daemon.hub.subscribers,
        packets_dropped=dict(discovery.engine.dropped),
        records_refused=dict(discovery.registry.refused),
        echo_refused={str(code): count for code, count in daemon.guard.refused.items()},
        udp_echo=UdpEchoStatus(
            on=udp is not None,
            answered=udp.answered if udp else 0,
            unsent=udp.unsent if udp else 0,
        ),
        http_refused=dict(request.app.state.refused),
        findings=dict(discovery.registry.findings.most_common(50)),
    )
    return JsonResponse(state.model_dump())


class AdvertisementView(BaseModel):
    """`state`: `probing` while nobody may hold the name, `advertised`, or `failed`."""

    name: str
    type: str
    subtypes: list[str]
    host: str
    port: int
    addresses: list[str] | None
    txt: dict[str, str | None]
    state: str


@router.get(
    "/advertisements",
    tags=["advertisements"],
    name="list",
    response_model=Page[AdvertisementView],
)
async def advertisements(daemon: TheDaemon) -> JsonResponse:
    """What this daemon advertises: itself, and the `[[advertise]]` tables of its settings."""
    published = daemon.discovery.publisher.published.values()
    return JsonResponse({"items": [_advertisement(one) for one in published], "next": None})


@router.post("/scan", tags=["scan"], name="start", status_code=202, **writing())
async def scan(daemon: TheDaemon) -> dict[str, bool]:
    """Ask the network again now. `started` is false when that was done a moment ago."""
    return {"started": daemon.scan()}


def own_name(daemon: Daemon) -> str:
    """The instance name it goes by now, which differs from the one wanted after a conflict."""
    own = next(iter(daemon.discovery.publisher.published.values()), None)
    return own.ad.name.instance if own else daemon.name.instance


def _advertisement(published: Published) -> dict[str, Any]:
    ad = published.ad
    state = "advertised" if published.established.is_set() else "probing"
    view = AdvertisementView(
        name=ad.name.instance,
        type=str(ad.type),
        subtypes=list(ad.subtypes),
        host=ad.host.fqdn,
        port=ad.port,
        addresses=None if ad.addresses is None else [str(one) for one in ad.addresses],
        txt=ad.txt_record.as_json(),
        state="failed" if published.failed else state,
    )
    return view.model_dump()

"""This host: its interfaces, its state, and the order to ask again."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel

from lanbridge import __version__
from lanbridge.advertisements import MAX_ADDED
from lanbridge.api.context import TheDaemon, writing
from lanbridge.api.pages import Page
from lanbridge.api.problems import JsonResponse
from lanbridge.core.devices import MAX_DEVICES
from lanbridge.core.known_types import MAX_TYPES
from lanbridge.core.tables import MAX_FINDINGS, MAX_HOSTS, MAX_SERVICES
from lanbridge.core.views import (
    AlarmView,
    InterfaceView,
    alarm_view,
    as_json,
    interface_view,
    timestamp,
)
from lanbridge.daemon import Daemon

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


class AddedStatus(BaseModel):
    """Advertisements that were added over HTTP. `problem`: what became of those kept on disk."""

    count: int
    limit: int
    problem: str | None


class WebhookStatus(BaseModel):
    """`refused`: by an answer that makes no new try useful; `dropped`: the queue was full, or
    nobody took it for an hour; `problem`: why the latest try failed.
    """

    to: str
    delivered: int
    refused: int
    dropped: int
    retries: int
    queued: int
    problem: str | None


class StoreStatus(BaseModel):
    """`problem`: why nothing is kept on disk now; `moved`: what became of a file that could not be
    used when the daemon started.
    """

    writes: int
    problem: str | None
    moved: str | None


class Limit(BaseModel):
    """`used` of `limit`; `refused`: what found no room. Those that were there first stay."""

    used: int
    limit: int
    refused: int


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
    added: AddedStatus
    interfaces: list[str]
    services: int
    types: int
    subscribers: int
    resyncs: dict[str, int]
    webhooks: list[WebhookStatus]
    packets_dropped: dict[str, int]
    records_refused: dict[str, int]
    echo_refused: dict[str, int]
    udp_echo: UdpEchoStatus
    http_refused: dict[str, int]
    findings: dict[str, int]
    store: StoreStatus
    alarms: list[AlarmView]
    limits: dict[str, Limit]
    tasks: int


@router.get("/status", tags=["status"], name="get", response_model=Status)
async def status(daemon: TheDaemon) -> JsonResponse:
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
        added=AddedStatus(
            count=daemon.advertisements.added,
            limit=MAX_ADDED,
            problem=daemon.advertisements.problem,
        ),
        interfaces=[link.name for link in discovery.engine.links.values()],
        services=len(discovery.registry),
        types=len(discovery.registry.types()),
        subscribers=daemon.hub.subscribers,
        resyncs=dict(daemon.hub.resyncs),
        webhooks=[
            WebhookStatus(
                to=one.origin,
                delivered=one.delivered,
                refused=one.refused,
                dropped=one.dropped,
                retries=one.retries,
                queued=one.queued,
                problem=one.problem,
            )
            for one in daemon.webhooks
        ],
        packets_dropped=dict(discovery.engine.dropped),
        records_refused=dict(discovery.registry.refused),
        echo_refused={str(code): count for code, count in daemon.guard.refused.items()},
        udp_echo=UdpEchoStatus(
            on=udp is not None,
            answered=udp.answered if udp else 0,
            unsent=udp.unsent if udp else 0,
        ),
        http_refused=dict(daemon.http_refused),
        findings=dict(discovery.registry.findings.most_common(50)),
        store=StoreStatus(
            writes=daemon.keeper.store.writes,
            problem=daemon.keeper.store.problem,
            moved=daemon.keeper.store.moved,
        ),
        alarms=[alarm_view(one) for one in daemon.census.up()],
        limits=_limits(daemon),
        tasks=len(asyncio.all_tasks()),
    )
    return JsonResponse(state.model_dump())


@router.post("/scan", tags=["scan"], name="start", status_code=202, **writing())
async def scan(daemon: TheDaemon) -> dict[str, bool]:
    """Ask the network again now. `started` is false when that was done a moment ago."""
    return {"started": daemon.scan()}


def _limits(daemon: Daemon) -> dict[str, Limit]:
    registry, devices = daemon.discovery.registry, daemon.census.devices
    return {
        name: Limit(used=used, limit=limit, refused=refused)
        for name, used, limit, refused in (
            ("services", len(registry), MAX_SERVICES, registry.refused["services"]),
            ("hosts", registry.hosts, MAX_HOSTS, registry.refused["hosts"]),
            ("types", len(registry.types()), MAX_TYPES, registry.refused["types"]),
            ("devices", len(devices), MAX_DEVICES, devices.refused["devices"]),
            ("findings", len(registry.findings), MAX_FINDINGS, registry.refused["findings"]),
        )
    }


def own_name(daemon: Daemon) -> str:
    """The instance name it goes by now, which differs from the one wanted after a conflict."""
    own = next(iter(daemon.discovery.publisher.published.values()), None)
    return own.ad.name.instance if own else daemon.name.instance

"""Services and types: what is on this network."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from lanbridge.api.context import LOOKING, TheDaemon, TheViewer, writing
from lanbridge.api.filters import TheFilter
from lanbridge.api.pages import MAX_ITEMS, After, Limit, Page, body, cut
from lanbridge.api.problems import JsonResponse, documented
from lanbridge.core.cache import VERIFY_S
from lanbridge.core.errors import NotFound
from lanbridge.core.services import ServiceInstance
from lanbridge.core.views import ServiceView, as_json, service_view
from lanbridge.daemon import Daemon
from lanbridge.probe.results import ProbeResult, ProbeSummary, as_row
from lanbridge.probing import MAX_COUNT

router = APIRouter(prefix="/api/v1")
Transport = Literal["http", "tcp", "udp", "ws"]
_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: documented("There is no such thing")}


@router.get(
    "/services",
    tags=["services"],
    name="list",
    response_model=Page[ServiceView],
    dependencies=LOOKING,
)
async def list_services(
    request: Request,
    daemon: TheDaemon,
    viewer: TheViewer,
    wanted: TheFilter,
    limit: Limit = MAX_ITEMS,
    after: After = None,
) -> JsonResponse:
    """Service instances with their state, addresses, TXT, and whether the viewer reaches them."""
    page, next_ = cut(wanted.services(daemon), limit, after, request)
    views = [service_view(one, daemon.discovery.state, viewer) for one in page]
    return JsonResponse(body(views, next_))


@router.get(
    "/services/{id}",
    tags=["services"],
    name="get",
    response_model=ServiceView,
    responses=_NOT_FOUND,
    dependencies=LOOKING,
)
async def get_service(id: str, daemon: TheDaemon, viewer: TheViewer) -> JsonResponse:
    """One service instance."""
    service = _service(id, daemon)
    return JsonResponse(as_json(service_view(service, daemon.discovery.state, viewer)))


class Verification(BaseModel):
    """`started`: false when it is being asked already. An event follows within `within_s`
    unless the service is as it was.
    """

    started: bool
    within_s: float


@router.post(
    "/services/{id}/verify",
    tags=["services"],
    name="verify",
    status_code=202,
    **writing(_NOT_FOUND),
)
async def verify_service(id: str, daemon: TheDaemon) -> Verification:
    """Ask the network whether a service is still there; who does not answer is offline then.

    `started` is false when that is being asked already; an event follows all the same.
    """
    service = _service(id, daemon)
    return Verification(started=daemon.discovery.verify(service.id), within_s=VERIFY_S)


class Ping(BaseModel):
    """`results` and `summary` are those of `lanbridge ping`. `verification`: where nothing was
    heard, as `verify` answers.
    """

    via: str
    url: str
    instance: str
    results: list[ProbeResult]
    summary: ProbeSummary
    verification: Verification | None


@router.post(
    "/services/{id}/ping",
    tags=["services"],
    name="ping",
    response_model=Ping,
    **writing({**_NOT_FOUND, 409: documented("It has no address in a subnet of this host")}),
)
async def ping_service(
    id: str,
    daemon: TheDaemon,
    via: Annotated[Transport | None, Query(description="Unset: that of the type.")] = None,
    count: Annotated[int, Query(ge=1, le=MAX_COUNT, description="Probes to send.")] = 3,
) -> JsonResponse:
    """Probe a service where it was heard; if all is silence, ask the network for it too."""
    service = _service(id, daemon)
    pinged = await daemon.prober.ask(service, via, count)
    verification = None
    if pinged.verifying is not None:
        verification = {"started": pinged.verifying, "within_s": VERIFY_S}
    return JsonResponse(
        {
            "via": pinged.via,
            "url": pinged.url,
            "instance": f"{service.name}.{service.type}",
            "results": [as_row(one) for one in pinged.results],
            "summary": as_json(pinged.summary),
            "verification": verification,
        }
    )


def _service(id: str, daemon: Daemon) -> ServiceInstance:
    service = daemon.discovery.registry.service(id)
    if service is None:
        raise NotFound(id, "no service has this id", "list them at /api/v1/services")
    return service


class TypeCount(BaseModel):
    """`services`: instances of the type that are not offline."""

    type: str
    services: int


@router.get("/types", tags=["types"], name="list", response_model=Page[TypeCount])
async def list_types(daemon: TheDaemon) -> JsonResponse:
    """Service types seen, each with the number of its services that are not offline."""
    counts = sorted(daemon.discovery.registry.types().items())
    items = [{"type": type_, "services": count} for type_, count in counts]
    return JsonResponse({"items": items, "next": None})

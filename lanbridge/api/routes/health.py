"""Small answers for machines: ping, healthz, readyz."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import RedirectResponse

from lanbridge import __version__
from lanbridge.api.context import TheDaemon
from lanbridge.api.problems import JsonResponse
from lanbridge.api.routes.host import own_name
from lanbridge.daemon import Daemon

router = APIRouter(tags=["health"])


class Ping(BaseModel):
    """The same four facts for ever, so that a phone can sweep a /24 for it."""

    product: str
    version: str
    id: str
    name: str


class Readiness(BaseModel):
    """`waiting_for`: one sentence for each thing that is missing; `degraded`: for each that does
    not work and is not waited for.
    """

    ready: bool
    waiting_for: list[str]
    degraded: list[str]


@router.get("/", include_in_schema=False)
async def index() -> RedirectResponse:
    """What a person who types the address wants to see first."""
    return RedirectResponse("/api/v1/services")


def own_facts(daemon: Daemon) -> dict[str, str]:
    """As in Ping."""
    name = own_name(daemon)
    return {"product": "lanbridge", "version": __version__, "id": daemon.id, "name": name}


@router.get("/ping", name="ping", response_model=Ping)
async def ping(daemon: TheDaemon) -> JsonResponse:
    """Who is here, for phones that sweep a subnet."""
    # For /docs: `api.front` answers it before the framework does.
    return JsonResponse(own_facts(daemon), headers={"Cache-Control": "no-store"})


@router.get("/healthz", name="healthz")
async def healthz() -> dict[str, bool]:
    """The process is alive."""
    return {"alive": True}


@router.get(
    "/readyz", name="readyz", response_model=Readiness, responses={503: {"model": Readiness}}
)
async def readyz(daemon: TheDaemon) -> JsonResponse:
    """Whether it discovers and advertises; 503 with what it waits for while it does not."""
    waiting = daemon.waiting_for()
    degraded = [one for one in (daemon.keeper.store.problem, daemon.token.problem()) if one]
    readiness = Readiness(ready=not waiting, waiting_for=waiting, degraded=degraded)
    return JsonResponse(readiness.model_dump(), 503 if waiting else 200)

"""What this daemon advertises, and how to add to it and take away from it while it runs."""

import logging
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from lanbridge.advertisements import Entry, Source
from lanbridge.api.context import TheDaemon, writing
from lanbridge.api.pages import Page
from lanbridge.api.problems import JsonResponse, documented
from lanbridge.config import AdvertiseSettings
from lanbridge.core.text import printable

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/v1/advertisements", tags=["advertisements"])
_NOT_FOUND: dict[int | str, Any] = {404: documented("No advertisement has this id")}


class AdvertisementView(BaseModel):
    """`state`: `probing` while nobody may hold the name, `advertised`, or `failed`.

    `source`: `own` is this daemon itself, `settings` a table of its settings, `added` came by POST.
    `id` is also that of the service, where it is heard.
    """

    id: str
    source: Source
    name: str
    type: str
    subtypes: list[str]
    host: str
    port: int
    addresses: list[str] | None
    txt: dict[str, str | None]
    state: str


@router.get("", name="list", response_model=Page[AdvertisementView])
async def list_advertisements(daemon: TheDaemon) -> JsonResponse:
    """This daemon itself, the `[[advertise]]` tables of its settings, and what was added."""
    return JsonResponse({"items": [_view(one) for one in daemon.advertisements], "next": None})


@router.get("/{id}", name="get", response_model=AdvertisementView, responses=_NOT_FOUND)
async def get(id: str, daemon: TheDaemon) -> JsonResponse:
    """One of them."""
    return JsonResponse(_view(daemon.advertisements.get(id)))


@router.post(
    "",
    name="add",
    status_code=201,
    response_model=AdvertisementView,
    **writing({409: documented("This daemon advertises the name already")}),
)
async def add(table: AdvertiseSettings, daemon: TheDaemon) -> JsonResponse:
    """Advertise a service from now on, also after a restart.

    The fields are those of an `[[advertise]]` table. A name that somebody else on the network
    holds gives way, as `name` then says. At most 64 can be added; more are answered with 503.
    """
    entry = await daemon.advertisements.add(table)
    log.info("advertising what was added name=%s", printable(entry.published.wanted.name.fqdn))
    location = {"Location": f"{router.prefix}/{entry.id}"}
    return JsonResponse(_view(entry), 201, location)


@router.delete(
    "/{id}",
    name="remove",
    status_code=204,
    **writing(_NOT_FOUND | {409: documented("It is in the settings, or the daemon itself")}),
)
async def remove(id: str, daemon: TheDaemon) -> Response:
    """Say goodbye for what was added; it does not come back."""
    entry = await daemon.advertisements.remove(id)
    log.info("no longer advertising name=%s", printable(entry.published.wanted.name.fqdn))
    return Response(status_code=204)


def _view(entry: Entry) -> dict[str, Any]:
    ad = entry.published.ad
    state = "advertised" if entry.published.established.is_set() else "probing"
    view = AdvertisementView(
        id=entry.id,
        source=entry.source,
        name=ad.name.instance,
        type=str(ad.type),
        subtypes=list(ad.subtypes),
        host=ad.host.fqdn,
        port=ad.port,
        addresses=None if ad.addresses is None else [str(one) for one in ad.addresses],
        txt=ad.txt_record.as_json(),
        state="failed" if entry.published.failed else state,
    )
    return view.model_dump()

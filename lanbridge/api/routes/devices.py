"""Devices: who is on this network, and what a person says of them."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from lanbridge.api.context import LOOKING, TheDaemon, TheViewer, writing
from lanbridge.api.filters import Filter, TheFilter
from lanbridge.api.pages import MAX_ITEMS, After, Limit, Page, body, cut
from lanbridge.api.problems import JsonResponse, documented
from lanbridge.core.errors import NotFound
from lanbridge.core.services import Device, ServiceInstance
from lanbridge.core.views import DeviceView, as_json, device_view, shown_name
from lanbridge.daemon import Daemon

router = APIRouter(prefix="/api/v1", tags=["devices"])
_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: documented("There is no such device")}


@router.get("/devices", name="list", response_model=Page[DeviceView], dependencies=LOOKING)
async def list_devices(
    request: Request,
    daemon: TheDaemon,
    viewer: TheViewer,
    wanted: TheFilter,
    limit: Limit = MAX_ITEMS,
    after: After = None,
) -> JsonResponse:
    """Services grouped by the host they run on.

    `name` is part of what a device is called, its label or its host, or of an instance name: then
    it is shown with those instances alone.
    """
    services, registry = _services(wanted, daemon), daemon.discovery.registry
    state, census = daemon.discovery.state, daemon.census
    page, next_ = cut(census.devices.group(services), limit, after, request)
    whole = {one.id: one for one in page}
    if len(services) < len(registry):
        named = census.devices.group(registry.services(), of=whole)
        whole = {one.id: one for one in named}
    views = [device_view(one, state, viewer, census.vendor(one), whole[one.id]) for one in page]
    return JsonResponse(body(views, next_))


@router.get(
    "/devices/{id}",
    name="get",
    response_model=DeviceView,
    responses=_NOT_FOUND,
    dependencies=LOOKING,
)
async def get_device(id: str, daemon: TheDaemon, viewer: TheViewer) -> JsonResponse:
    """One device, also one that has no service any more."""
    device = _device(id, daemon)
    vendor = daemon.census.vendor(device)
    return JsonResponse(as_json(device_view(device, daemon.discovery.state, viewer, vendor)))


class Said(BaseModel):
    """What a person says of a device; what is left out is taken back.

    merged_into: the id of the device that this one is in truth; null undoes it.
    """

    model_config = ConfigDict(extra="forbid")

    label: str = ""
    notes: str = ""
    merged_into: str | None = None


@router.put("/devices/{id}", name="say", response_model=DeviceView, **writing(_NOT_FOUND))
async def say(id: str, said: Said, daemon: TheDaemon, viewer: TheViewer) -> JsonResponse:
    """Label, notes, and which device it is in truth: no packet changes these."""
    await daemon.keeper.edit(id, label=said.label, notes=said.notes, merged_into=said.merged_into)
    return await get_device(id, daemon, viewer)


def _services(wanted: Filter, daemon: Daemon) -> list[ServiceInstance]:
    """Those that the devices are made of: all of a device that is called so."""
    services = replace(wanted, name=None).services(daemon)
    if not wanted.name:
        return services
    part = wanted.name.casefold()
    called = {
        service.id
        for one in daemon.census.devices.group(daemon.discovery.registry.services())
        if any(part in name.casefold() for name in (one.label, shown_name(one), one.host))
        for service in one.services
    }
    return [one for one in services if one.id in called or part in one.name.casefold()]


def _device(id: str, daemon: Daemon) -> Device:
    devices, registry = daemon.census.devices, daemon.discovery.registry
    services = (registry.service(one) for one in devices.services_of(id))
    device = devices.device(id, [one for one in services if one is not None])
    if device is None:
        # One whose host is not known yet stands for itself, under the id of its name.
        groups = devices.group(registry.services())
        device = next((one for one in groups if one.id == id), None)
    if device is None:
        raise NotFound(id, "no device has this id", "list them at /api/v1/devices")
    return device

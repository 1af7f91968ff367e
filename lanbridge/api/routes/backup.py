"""A backup of what is known, and its way back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Literal, TypeVar

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import StreamingResponse

from lanbridge.api.context import TheDaemon, writing
from lanbridge.core.backup import VERSION, device_item, read_device, read_service, service_item
from lanbridge.core.errors import InvalidInput
from lanbridge.core.json_text import json_safe
from lanbridge.core.services import State
from lanbridge.core.views import timestamp
from lanbridge.daemon import Daemon

router = APIRouter(prefix="/api/v1", tags=["backup"])

PIECE = 100  # items that are encoded without letting others go on
MAX_TOLD = 20

Made = TypeVar("Made")


class Backup(BaseModel):
    """What `GET /api/v1/export` gives. Both lists may be in part, or left out."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["lanbridge-backup"]
    version: Literal[1]
    made: str = ""
    devices: list[dict[str, Any]] = []
    services: list[dict[str, Any]] = []


class Restored(BaseModel):
    """How much was taken in, and how much of that was not known; `refused`: why some was not;
    `kept`: whether it is on the disk.
    """

    devices: int
    services: int
    new_devices: int
    new_services: int
    refused: list[str]
    kept: bool


@router.get("/export", name="export", response_class=StreamingResponse, response_model=Backup)
async def export(daemon: TheDaemon) -> StreamingResponse:
    """Services and devices, with labels, notes and history, as `lanbridge import` takes them."""
    name = f"lanbridge-{daemon.id[:6]}.json"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(daemon), media_type="application/json", headers=disposition)


@router.post("/import", name="import", response_model=Restored, **writing())
async def restore(backup: Backup, daemon: TheDaemon) -> Restored:
    """Take a backup in. What is there stays as it is; labels, notes and history come back."""
    refused: list[str] = []
    devices = await _read(backup.devices, read_device, refused)
    services = await _read(backup.services, read_service, refused)
    new_devices = sum(daemon.census.devices.record(one.id) is None for one in devices)
    new_services = sum(daemon.discovery.registry.service(one.id) is None for one in services)
    kept = await daemon.keeper.restore(services, devices, daemon.discovery.moment())
    return Restored(
        devices=len(devices),
        services=len(services),
        new_devices=new_devices,
        new_services=new_services,
        refused=refused[:MAX_TOLD],
        kept=kept,
    )


async def _read(
    items: Iterable[Any], read: Callable[[Any], Made], refused: list[str]
) -> list[Made]:
    made = []
    for number, item in enumerate(items):
        if number % PIECE == 0:
            await asyncio.sleep(0)
        try:
            made.append(read(item))
        except InvalidInput as error:
            refused.append(str(error))
    return made


async def _pieces(daemon: Daemon) -> AsyncIterator[str]:
    made = timestamp(daemon.discovery.moment().unix_s)
    yield f'{{"format": "lanbridge-backup", "version": {VERSION}, "made": "{made}",\n"devices": ['
    async for text in _items([device_item(one) for one in daemon.census.devices.records()]):
        yield text
    yield '],\n"services": ['
    services = (one for one in daemon.discovery.registry.services() if one.state is not State.FOUND)
    async for text in _items([service_item(one) for one in services]):
        yield text
    yield "]}\n"


async def _items(items: list[dict[str, Any]]) -> AsyncIterator[str]:
    for at in range(0, len(items), PIECE):
        await asyncio.sleep(0)
        piece = ",\n".join(map(json_safe, items[at : at + PIECE]))
        yield f",\n{piece}" if at else f"\n{piece}"

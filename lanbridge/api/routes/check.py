"""May a mini-program use it: the verdicts of `lanbridge check`. Nothing here connects anywhere."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from lanbridge.api.context import TheDaemon, phone_or_caller
from lanbridge.api.problems import JsonResponse
from lanbridge.core.views import as_json
from lanbridge.wechat.calls import Call
from lanbridge.wechat.check import TargetCheck, check_address, check_url
from lanbridge.wechat.lan import Phone
from lanbridge.wechat.platforms import Platform
from lanbridge.wechat.service_types import ServiceTypeCheck, check_service_type

router = APIRouter(prefix="/api/v1/check", tags=["check"])

MAX_TEXT = 2_048  # characters of a URL: a sentence of the answer repeats what was asked


async def _phone(
    request: Request,
    daemon: TheDaemon,
    phone: Annotated[
        str | None,
        Query(description="Where the phone is, IP or IP/PREFIX; without it, where the caller is."),
    ] = None,
    hotspot: Annotated[bool, Query(description="The phone is itself the hotspot.")] = False,
) -> Phone | None:
    """None for a caller on this host itself: the answer is then `depends`."""
    return phone_or_caller(phone, request, daemon, hotspot=hotspot)


ThePhone = Annotated[Phone | None, Depends(_phone)]
TheCall = Annotated[
    Call | None,
    Query(
        alias="for",
        description="The wx call that it is for; without it, socket for ws and wss, else request.",
    ),
]
ThePlatform = Annotated[Platform, Query(description="Whose verdicts make up `answer`.")]


@router.get("/service-type", name="service-type", response_model=ServiceTypeCheck)
async def service_type(
    value: Annotated[str, Query(max_length=MAX_TEXT, description="A service type, `_http._tcp`.")],
) -> JsonResponse:
    """Who can search for a service type, and how to write it for wx.startLocalServiceDiscovery."""
    return _answer(check_service_type(value))


@router.get("/address", name="address", response_model=TargetCheck)
async def address(
    target: Annotated[str, Query(max_length=MAX_TEXT, description="An address or a host name.")],
    phone: ThePhone,
    call: TheCall = None,
    platform: ThePlatform = Platform.DOCUMENTED,
) -> JsonResponse:
    """Whether a mini-program on the phone may talk to an address, on every platform."""
    return _answer(check_address(target, phone, call, platform))


@router.get("/url", name="url", response_model=TargetCheck)
async def url(
    url: Annotated[str, Query(max_length=MAX_TEXT, description="A URL, or `IP:PORT`.")],
    phone: ThePhone,
    call: TheCall = None,
    platform: ThePlatform = Platform.DOCUMENTED,
) -> JsonResponse:
    """Whether a mini-program on the phone may open a URL, on every platform."""
    return _answer(check_url(url, phone, call, platform))


def _answer(check: Any) -> JsonResponse:
    return JsonResponse(as_json(check))

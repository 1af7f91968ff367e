"""`lanbridge doctor`, run by the daemon on its own host."""

from dataclasses import fields
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from lanbridge.api.context import TheDaemon, writing
from lanbridge.api.pages import Page
from lanbridge.api.problems import JsonResponse
from lanbridge.doctor.finding import Finding, Severity

router = APIRouter(prefix="/api/v1", tags=["doctor"])


class FindingView(BaseModel):
    """`remedy`: the command that mends it; from severity `warning` on something is wrong."""

    check: str
    severity: Severity
    sentence: str
    evidence: dict[str, Any]
    consequence: str
    remedy: str | None


@router.post("/doctor", name="examine", response_model=Page[FindingView], **writing())
async def examine(daemon: TheDaemon) -> JsonResponse:
    """What stops discovery on this host, the worst first.

    It takes a second or two. Whoever asks within seconds of another gets the same answer.
    """
    findings = await daemon.doctor.check_up()
    return JsonResponse({"items": [_view(one) for one in findings], "next": None})


def _view(finding: Finding) -> dict[str, Any]:
    return {each.name: getattr(finding, each.name) for each in fields(finding)}

"""What goes on, for Prometheus."""

from fastapi import APIRouter, Request
from prometheus_client.exposition import choose_encoder
from starlette.responses import PlainTextResponse, Response

from lanbridge.api.context import TheDaemon
from lanbridge.api.metrics import registry_of

router = APIRouter(tags=["health"])


@router.get("/metrics", name="metrics", response_class=PlainTextResponse)
async def metrics(request: Request, daemon: TheDaemon) -> Response:
    """Counters and gauges, in the format that the scraper accepts."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry_of(daemon)), media_type=content_type)

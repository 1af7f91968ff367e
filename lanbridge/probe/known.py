"""How a service that is known is probed: by which transport, and what is asked of it."""

from urllib.parse import urlsplit

from lanbridge.core.views import ServiceView
from lanbridge.probe.results import ProbeTarget

OWN_TYPE = "_lanbridge._tcp"


def of_service(service: ServiceView, via: str | None, address: str) -> tuple[str, ProbeTarget]:
    """(transport, target) of a service instance at one of its addresses.

    Where nothing else is wanted a lanbridge is asked over HTTP, which it echoes; of others only the
    protocol is known, `_tcp` or `_udp`.
    """
    if via is None:
        via = "http" if service.type == OWN_TYPE else service.type[-3:]
    path = ""
    if service.type != OWN_TYPE:
        url = urlsplit(service.url or "")
        path = with_query(url.path, url.query) if url.scheme == via else {"http": "/"}.get(via, "")
    instance = f"{service.name}.{service.type}"
    return via, ProbeTarget(address=address, port=service.port, path=path, instance=instance)


def with_query(path: str, query: str) -> str:
    """What a request asks for."""
    return f"{path or '/'}?{query}" if query else path

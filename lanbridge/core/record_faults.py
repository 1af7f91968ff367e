"""What is wrong with the records of a service, for who builds the device that sent them."""

from collections.abc import Iterator

from lanbridge.core.names import fold
from lanbridge.core.services import UP, ServiceInstance
from lanbridge.core.text import printable


def record_faults(service: ServiceInstance) -> Iterator[str]:
    """A safe sentence for each."""
    if "\ufffd" in service.name:  # what takes the place of bytes that are none
        yield "its name is no UTF-8 (RFC 6763 §4.1.1)"
    if service.host and not fold(service.host).endswith(".local"):
        # RFC 6762 §3: only names that end in .local MUST be asked for by mDNS.
        yield f"its host {printable(service.host)!r} does not end in .local: others ask DNS for it"
    if service.state in UP and not service.txt_raw:
        # RFC 6763 §6: "Every DNS-SD service MUST have a TXT record"; §6.1: of one string at least.
        yield "it has no TXT record, or an empty one (RFC 6763 §6)"

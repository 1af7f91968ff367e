"""Who this lanbridge is: an id that stays, and the names made from it."""

import logging
import uuid
from pathlib import Path

from lanbridge import files
from lanbridge.core.names import HostName

log = logging.getLogger(__name__)


def instance_id(state_dir: Path) -> str:
    """32 hex digits, made at the first start and kept in `state_dir`.

    Where nothing can be written they are made from the hardware address, and stay as long as
    that does.
    """
    path = state_dir / "instance-id"
    try:
        return uuid.UUID(path.read_text().strip()).hex
    except ValueError:
        log.warning("%s holds no id: to others this is a new lanbridge from now on", path)
    except OSError:
        pass
    made = uuid.uuid4()
    try:
        files.replace(path, f"{made.hex}\n".encode())
    except OSError:
        made = uuid.uuid5(uuid.NAMESPACE_OID, f"lanbridge {uuid.getnode():012x}")
    return made.hex


def own_host(token: str) -> HostName:
    """A host label that is ours alone, never the system's `<hostname>.local`.

    That one belongs to avahi or systemd-resolved; a second responder that claims it makes them
    rename the machine.
    """
    return HostName(f"lanbridge-{token[:6]}")

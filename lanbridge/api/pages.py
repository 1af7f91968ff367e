"""Lists in pages: {"items": [...], "next": ...}."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request
from pydantic import BaseModel

from lanbridge.core.errors import InvalidInput
from lanbridge.core.services import Device, ServiceInstance
from lanbridge.core.views import as_json

MAX_ITEMS = 500

T = TypeVar("T")
Item = TypeVar("Item", ServiceInstance, Device)

Limit = Annotated[int, Query(ge=1, le=MAX_ITEMS, description="At most so many items a page.")]
After = Annotated[str | None, Query(description="The page after this one; taken from `next`.")]


class Page(BaseModel, Generic[T]):
    """`next`: path and query of the next page, null on the last."""

    items: list[T]
    next: str | None


def cut(
    items: Iterable[Item], limit: int, after: str | None, request: Request
) -> tuple[list[Item], str | None]:
    """One page in an order that stays when services come and go, and the way to the next."""
    ordered = sorted(items, key=_key)
    if after is not None:
        mark = _read(after)
        ordered = [one for one in ordered if _key(one) > mark]
    page = ordered[:limit]
    if len(ordered) <= limit:
        return page, None
    query = [pair for pair in request.query_params.multi_items() if pair[0] != "after"]
    query.append(("after", _write(_key(page[-1]))))
    return page, f"{request.scope['path']}?{urlencode(query)}"


def _key(item: ServiceInstance | Device) -> tuple[str, str]:
    name = item.name if isinstance(item, ServiceInstance) else item.host
    return name.casefold(), item.id


def _write(key: tuple[str, str]) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read(text: str) -> tuple[str, str]:
    try:
        name, id_ = json.loads(urlsafe_b64decode(text))
        return str(name), str(id_)
    except (ValueError, TypeError, RecursionError):  # no JSON, no pair, or too many brackets
        raise InvalidInput(text, "it is no page mark of this API", "follow `next`") from None


def body(items: list[Any], next_: str | None) -> dict[str, Any]:
    """What a Page of dataclass views looks like as JSON."""
    return {"items": [as_json(one) for one in items], "next": next_}

"""`/echo/bom` and `/echo/charset/{name}`: text that is not plain UTF-8."""

import json

from lanbridge.echo.call import Call, Problem, whole
from lanbridge.echo.responses import answer_bytes

MAX_BOMS = 16
_BOM = "\ufeff"
_CHINESE = "你好，世界"
# What is sent in each character encoding; other names are refused, for Python knows encodings
# that are none (zip, rot13), and aliases without end.
SAMPLES = {
    "utf-8": _CHINESE,
    "utf-16": _CHINESE,
    "utf-16le": _CHINESE,
    "utf-16be": _CHINESE,
    "utf-32": _CHINESE,
    "gb2312": _CHINESE,
    "gbk": _CHINESE,
    "gb18030": _CHINESE + "😀",
    "big5": _CHINESE,
    "shift_jis": "こんにちは、世界",
    "euc-jp": "こんにちは、世界",
    "iso-2022-jp": "こんにちは、世界",
    "euc-kr": "안녕, 세계",
    "koi8-r": "Привет, мир",
    "windows-1251": "Привет, мир",
    "windows-1252": "Grüße, “Welt” €",
    "iso-8859-1": "Grüße, Welt",
    "iso-8859-15": "Grüße, Welt €",
    "us-ascii": "Hello, world",
}


async def bom(call: Call) -> None:
    """JSON behind a byte order mark, or behind `?count=` of them: a phone strips exactly one."""
    call.allow("GET", "HEAD")
    count = whole(call.query().get("count", "1"), "count", 0, MAX_BOMS)
    text = _BOM * count + json.dumps({"boms": count, "text": _CHINESE}, ensure_ascii=False)
    await answer_bytes(call, text.encode(), b"application/json")


async def charset(call: Call) -> None:
    """Plain text in this encoding, labelled with it."""
    call.allow("GET", "HEAD")
    name = call.rest.lower()
    if name not in SAMPLES:
        detail = f"this character encoding is not served; there are {', '.join(SAMPLES)}."
        raise Problem(404, "not-found", detail)
    await answer_bytes(call, SAMPLES[name].encode(name), f"text/plain; charset={name}".encode())


HTTP = {"bom": bom, "charset": charset}

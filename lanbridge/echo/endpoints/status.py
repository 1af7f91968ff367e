"""`/echo/status/{code}` and `/echo/redirect/{n}`: answers that clients treat each in their way."""

from lanbridge.echo.call import Call, Header, Problem, whole
from lanbridge.echo.responses import answer, answer_bytes

# Chromium gives up after 20 redirects, WeChat for Android was seen to after 15.
MAX_REDIRECTS = 50
REDIRECTS = (301, 302, 303, 307, 308)
BODILESS = (204, 205, 304)  # RFC 9110 §15.3.5, §15.3.6, §15.4.5
# RFC 9110 demands these of whoever sends the status: §15.5.2, §15.5.6, §15.5.8, §15.5.22.
_COMPANIONS: dict[int, list[Header]] = {
    401: [(b"www-authenticate", b'Basic realm="echo"')],
    405: [(b"allow", b"")],
    407: [(b"proxy-authenticate", b'Basic realm="echo"')],
    426: [(b"upgrade", b"websocket")],
}


async def status(call: Call) -> None:
    """Answer with this status. Wx.request hands every one of them to `success`."""
    code = whole(call.rest, "the status", 200, 599)  # a 1xx comes before an answer, and is none
    headers = _COMPANIONS.get(code, [])
    if code in BODILESS:
        # RFC 9110 §8.6: no Content-Length in 204; in 304 it would be that of the 200.
        length = [(b"content-length", b"0")] if code == 205 else []
        start = {"type": "http.response.start", "status": code, "headers": [*headers, *length]}
        await call.send(start)
        await call.send({"type": "http.response.body", "body": b""})
        return
    await answer(call, {"status": code}, code, headers=headers)


async def redirect(call: Call) -> None:
    """Redirect n times, with `?status=` 302 or another; then say how it arrived."""
    left = whole(call.rest, "the number of redirects", 0, MAX_REDIRECTS)
    code = whole(call.query().get("status", "302"), "status", 301, 308)
    if code not in REDIRECTS:
        raise Problem(422, "invalid-input", f"{code} is no redirect; use 301, 302, 303, 307, 308.")
    if not left:
        await answer(call, {"method": call.method, "status": code, "redirects_left": 0})
        return
    where = f"/echo/redirect/{left - 1}?status={code}".encode()
    await answer_bytes(call, b"", b"text/plain", code, [(b"location", where)])


HTTP = {"status": status, "redirect": redirect}

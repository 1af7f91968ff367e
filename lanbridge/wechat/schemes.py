"""Which scheme goes with which call, and what TLS means on an address of the LAN."""

from dataclasses import replace

from lanbridge.core.text import printable
from lanbridge.wechat.calls import TLS_SCHEMES, Call, invalid_url_text
from lanbridge.wechat.platforms import Platform, documented, everywhere
from lanbridge.wechat.rules import Answer, Certainty, Rule, Verdict

SCHEME = Rule(
    "scheme",
    "http and https go with wx.request, uploadFile and downloadFile, ws and wss with "
    "connectSocket; sockets of UDP and TCP take an address and a port.",
    "developers.weixin.qq.com, guide to networking; miniprogram-api-typings 5.2.3",
    Certainty.DOCUMENTED,
)
LAN_TLS = Rule(
    "lan-certificate",
    "A certificate must be of a trusted authority, and none certifies a private address; "
    "iOS takes no self-signed one.",
    "developers.weixin.qq.com, guide to networking: HTTPS certificates",
    Certainty.INFERRED,
)
ASCII_URL = Rule(
    "socket-ascii-url",
    "wx.connectSocket fails on Android when the URL holds unescaped characters beyond ASCII.",
    "developers.weixin.qq.com community, several threads",
    Certainty.OBSERVED,
)


def is_foreign(scheme: str | None) -> bool:
    """Whether no call of a mini-program takes URLs of this scheme."""
    return scheme is not None and not any(scheme in call.schemes for call in Call)


def scheme_verdicts(scheme: str | None, call: Call, *, is_address: bool) -> list[Verdict]:
    """None where nothing is to say; a bare IP:PORT has no scheme."""
    if scheme is None:
        return []
    if not call.takes_url:
        sentence = f"{call.function} takes an address and a port, not a URL"
        return everywhere(documented(Answer.NO, sentence, SCHEME, "pass the two separately"))
    plain = call.schemes[0]
    if scheme not in call.schemes:
        sentence = f"{printable(scheme)} is no scheme of {call.function}"
        remedy, error_text = f"write {plain}://", invalid_url_text(call)
        if scheme in (Call.UDP, Call.TCP):
            remedy = f"pass {Call(scheme).function} the address and the port, --for {scheme}"
        return everywhere(documented(Answer.NO, sentence, SCHEME, remedy, error_text))
    if scheme not in TLS_SCHEMES or not is_address:
        return []
    sentence = f"{scheme} needs a certificate that phones trust, and none is issued for a LAN"
    base = documented(Answer.DEPENDS, sentence, LAN_TLS, f"use {plain}, which is allowed there")
    return everywhere(base, {Platform.IOS: replace(base, platform=Platform.IOS, answer=Answer.NO)})


def ascii_verdicts(url: str, call: Call) -> list[Verdict]:
    """Android alone trips over it."""
    if call is not Call.SOCKET or url.isascii():
        return []
    sentence = "the URL holds characters beyond ASCII, which fail on Android"
    error_text = "Invalid HTTP status (code 1004)"
    found = documented(Answer.NO, sentence, ASCII_URL, "pass encodeURI(url)", error_text)
    return [replace(found, platform=Platform.ANDROID)]


def ascii_warning(url: str, call: Call) -> str | None:
    """Of the calls of which no failure is reported: RFC 3986 §2 has ASCII alone in a URL."""
    if call is Call.SOCKET or not call.takes_url or url.isascii():
        return None
    return (
        "the URL holds characters beyond ASCII, which RFC 3986 has escaped, and with which "
        "wx.connectSocket fails on Android; pass encodeURI(url)"
    )

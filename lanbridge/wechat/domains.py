"""Server domains: whether a URL may be opened away from the LAN, with these domains configured."""

from collections.abc import Sequence
from dataclasses import dataclass

from lanbridge.core.text import printable
from lanbridge.wechat.calls import TLS_SCHEMES, Call, call_for, refused_text
from lanbridge.wechat.host_names import is_local_name
from lanbridge.wechat.platforms import documented
from lanbridge.wechat.rules import Answer, Certainty, Rule, Verdict, worst
from lanbridge.wechat.targets import Target, parse_target

_GUIDE = "developers.weixin.qq.com, guide to networking: server domains"

SCHEME = Rule(
    "domain-scheme",
    "A server domain is https, or wss for wx.connectSocket.",
    _GUIDE,
    Certainty.DOCUMENTED,
)
HOST = Rule(
    "domain-host",
    "A server domain is no IP address, not localhost, and not api.weixin.qq.com.",
    _GUIDE,
    Certainty.DOCUMENTED,
)
LISTED = Rule(
    "domain-listed",
    "The host of the URL must be configured itself: a parent domain does not count.",
    _GUIDE,
    Certainty.DOCUMENTED,
)
PORT = Rule(
    "domain-port",
    "A configured https port must be in the URL; without one the URL must have none, not even 443. "
    "For wss every port is allowed.",
    _GUIDE,
    Certainty.DOCUMENTED,
)
COUNT = Rule(
    "domain-count",
    "At most 20 domains can be configured for each interface.",
    f"{_GUIDE}; an older edition, of which the newer one says nothing",
    Certainty.DOCUMENTED,
)

MAX_DOMAINS = 20
_WECHAT_API = "api.weixin.qq.com"
_ICP = "have its ICP filing done too, which cannot be seen from here"
_OTHER_HOST = "configure a domain of your own, and call the other from its server"
_LAN = "ask `lanbridge check url` whether the LAN rule allows its IPv4 address without one"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainCheck:
    """`answer` is the worst of the verdicts."""

    url: str
    call: Call
    answer: Answer
    verdicts: list[Verdict]


def check_domain(url: str, domains: Sequence[str], call: Call | None = None) -> DomainCheck:
    """`domains`: what is configured for the call, as `https://api.example.com`, `https` optional.

    call: one that takes a URL; without it, wx.connectSocket for ws, else wx.request. Raises
    InvalidAddress and InvalidPort for what is no URL and no domain.
    """
    target = parse_target(url)
    call = call or call_for(target.scheme)
    configured = [parse_target(domain.replace("*.", "", 1)) for domain in domains]
    found = [
        *_of_list(domains, configured),
        *(_of_url(target, call) or [_of_match(target, call, configured)]),
    ]
    told = [verdict for verdict in found if verdict.answer is not Answer.YES] or found
    return DomainCheck(url=url, call=call, answer=worst(told), verdicts=told)


def _of_list(domains: Sequence[str], configured: list[Target]) -> list[Verdict]:
    """What WeChat's console would not take."""
    found = []
    for text, domain in zip(map(printable, domains), configured, strict=True):
        if domain.scheme not in (None, *TLS_SCHEMES):
            sentence = f"{text} cannot be configured: {printable(domain.scheme or '')} is no scheme"
            found.append(_no(f"{sentence} of a server domain", SCHEME, "use https, or wss"))
        elif "*" in text:
            sentence = f"{text} cannot be configured: a domain does not stand for those below it"
            found.append(_no(sentence, LISTED, "configure each host by itself"))
        elif fault := _host_fault(domain):
            found.append(_no(f"{text} cannot be configured: {fault[0]}", HOST, fault[1]))
    if len(domains) > MAX_DOMAINS:
        sentence = f"{len(domains)} domains are configured, and {MAX_DOMAINS} is the limit"
        found.append(_no(sentence, COUNT, "serve several APIs from one host"))
    return found


def _of_url(target: Target, call: Call) -> list[Verdict]:
    """What no configuration can mend."""
    if target.address is not None:
        sentence = f"{printable(target.host)} is an IP address, which is no server domain"
        return [_no(sentence, HOST, _LAN, call)]
    if fault := _host_fault(target):
        return [_no(f"{printable(target.host)}: {fault[0]}", HOST, fault[1], call)]
    secure = call.schemes[1]
    if target.scheme not in (None, secure):
        sentence = f"{printable(target.scheme or '')} is not allowed to a server domain"
        return [_no(sentence, SCHEME, f"use {secure}", call)]
    return []


def _of_match(target: Target, call: Call, configured: list[Target]) -> Verdict:
    host, name = target.host.lower(), printable(target.host)
    secure = call.schemes[1]
    listed = [one for one in configured if one.scheme in (None, secure)]
    same = [one for one in listed if one.host.lower() == host]
    if not same:
        if any(one.host.lower() == host.rstrip(".") for one in listed):
            sentence = f"{name} has a dot at its end, and the domain that is configured has none"
            return _no(sentence, LISTED, f"write {printable(target.host.rstrip('.'))}", call)
        parents = [one.host for one in listed if host.endswith(f".{one.host.lower()}")]
        because = f"; {printable(parents[0])} does not stand for it" if parents else ""
        sentence = f"{secure}://{name} is not configured{because}"
        return _no(sentence, LISTED, f"configure {secure}://{name}", call)
    if secure == "wss" or any(one.port == target.port for one in same):
        return documented(Answer.YES, f"{secure}://{name} is configured", LISTED, _ICP)
    ports = ", ".join("no port" if one.port is None else str(one.port) for one in same)
    asked = f"port {target.port}" if target.port is not None else "no port"
    sentence = f"the URL has {asked}, and {name} is configured with {ports}"
    return _no(sentence, PORT, "write the port in both, or in neither", call)


def _host_fault(target: Target) -> tuple[str, str] | None:
    """Why it can be no server domain, and the remedy."""
    if target.address is not None:
        return "it is an IP address", _LAN
    if is_local_name(target.host):
        return "it is a local name", _LAN
    if target.host.lower().rstrip(".") == _WECHAT_API:
        return "it is WeChat's own", _OTHER_HOST
    return None


def _no(sentence: str, rule: Rule, remedy: str, call: Call | None = None) -> Verdict:
    return documented(Answer.NO, sentence, rule, remedy, refused_text(call) if call else None)

"""May a mini-program talk to this address, or open this URL: every rule, on every platform."""

from dataclasses import dataclass, replace
from itertools import chain

from lanbridge.core.errors import InvalidPort
from lanbridge.wechat.calls import Call, call_for
from lanbridge.wechat.host_names import name_verdicts
from lanbridge.wechat.lan import Phone
from lanbridge.wechat.lan_verdicts import lan_verdicts
from lanbridge.wechat.platforms import Platform
from lanbridge.wechat.ports import port_verdicts
from lanbridge.wechat.rules import Answer, Verdict, worst
from lanbridge.wechat.schemes import ascii_verdicts, ascii_warning, is_foreign, scheme_verdicts
from lanbridge.wechat.targets import parse_host, parse_target


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCheck:
    """call: what it was judged for. phone: where, None if nobody said. answer: of `decided_by`."""

    target: str
    call: Call
    phone: str | None
    decided_by: Platform
    answer: Answer
    verdicts: list[Verdict]


def check_address(
    text: str,
    phone: Phone | None,
    call: Call | None = None,
    platform: Platform = Platform.DOCUMENTED,
) -> TargetCheck:
    """Of an address or a host name; raises InvalidAddress for what is neither."""
    host, address = parse_host(text)
    call = call or Call.REQUEST
    found = lan_verdicts(address, phone, call) if address else name_verdicts(host, None, call)
    return _decided(text, call, phone, platform, found)


def check_url(
    text: str,
    phone: Phone | None,
    call: Call | None = None,
    platform: Platform = Platform.DOCUMENTED,
) -> TargetCheck:
    """Of a URL or IP:PORT; without `call` it is wx.connectSocket for ws, else wx.request.

    Raises InvalidAddress and InvalidPort for what can be neither.
    """
    target = parse_target(text)
    call = call or call_for(target.scheme)
    if target.port is None and not call.takes_url:
        raise InvalidPort("", f"{call.function} needs one", "write it like 192.168.1.20:8620")
    if is_foreign(target.scheme):  # what it is for has no LAN rule and no list of domains
        found = scheme_verdicts(target.scheme, call, is_address=False)
        return _decided(text, call, phone, platform, found)
    found = [
        *scheme_verdicts(target.scheme, call, is_address=target.address is not None),
        *ascii_verdicts(text, call),
        *(port_verdicts(target.port, call) if target.port is not None else ()),
        *(
            lan_verdicts(target.address, phone, call, written=True)
            if target.address is not None
            else name_verdicts(target.host, target.scheme, call)
        ),
    ]
    if warning := ascii_warning(text, call):
        found = [replace(each, warning=warning) for each in found]
    return _decided(text, call, phone, platform, found)


def _decided(
    text: str, call: Call, phone: Phone | None, platform: Platform, found: list[Verdict]
) -> TargetCheck:
    verdicts = list(chain.from_iterable(_told(found, each) for each in Platform))
    return TargetCheck(
        target=text,
        call=call,
        phone=str(phone.interface) if phone else None,
        decided_by=platform,
        answer=worst(each for each in verdicts if each.platform == platform),
        verdicts=verdicts,
    )


def _told(found: list[Verdict], platform: Platform) -> list[Verdict]:
    """What decides: each no, or else all that it depends on, or else the last yes, on the host."""
    mine = [verdict for verdict in found if verdict.platform == platform]
    answer = worst(mine)
    deciding = [verdict for verdict in mine if verdict.answer is answer]
    return deciding[-1:] if answer is Answer.YES else deciding

"""What the LAN rule says of an address: as documented, and where a platform is known to differ."""

from dataclasses import replace
from ipaddress import IPv4Address
from typing import NamedTuple

from lanbridge.core.addresses import Address, unmapped
from lanbridge.wechat import lan_rules as rules
from lanbridge.wechat.calls import Call, refused_text
from lanbridge.wechat.lan import Fault, Phone, never
from lanbridge.wechat.platforms import Platform, documented, everywhere, in_devtools
from lanbridge.wechat.rules import Answer, Rule, Verdict

_EVERYBODY = IPv4Address("255.255.255.255")
_SAY_WHERE = (
    "say where the phone is, --phone IP/PREFIX; wx.getLocalIPAddress tells its localip and netmask"
)
_ITS_IPV4 = "use the device's own IPv4 address"
_REMEDIES = {
    Fault.ITSELF: "run the service on another machine",
    Fault.NO_MACHINE: _ITS_IPV4,
    Fault.OUTSIDE: "put the device and the phone in one subnet",
    Fault.SET_ASIDE: _ITS_IPV4,
}


def lan_verdicts(
    address: Address, phone: Phone | None, call: Call, *, written: bool = False
) -> list[Verdict]:
    """One for every platform; phone None: nobody said where it is.

    written: the address stands like that in a URL, where IPv4-mapped IPv6 is no IPv4 literal.
    """
    meant = unmapped(address)
    base = _documented(meant, phone, call)
    if written and meant != address and base.answer is not Answer.NO:
        sentence = f"{address} is IPv4 as IPv6 writes it, and the documents do not say of that"
        base = documented(Answer.DEPENDS, sentence, rules.IPV6, f"write it as {meant}")
    special = {Platform.DEVTOOLS: in_devtools(base)}
    if base.answer is Answer.YES:
        departures = _departures(call, hotspot=phone is not None and phone.hotspot)
        special |= {at: _but(base, at, departure) for at, departure in departures.items()}
    elif base.rule is rules.IPV6 and call.takes_url:
        special[Platform.ANDROID] = replace(
            base,
            platform=Platform.ANDROID,
            answer=Answer.NO,
            sentence="Android compares IPv4 addresses only",
            rule=rules.ANDROID_LITERAL,
            error_text=refused_text(call),
        )
    return everywhere(base, special)


def _documented(address: Address, phone: Phone | None, call: Call) -> Verdict:
    if call is Call.UDP and (many := _to_many(address)):
        return many
    if why := never(address):
        return _no(f"{address} is {why}", _ITS_IPV4, call)
    if address.version == 6:
        sentence = f"{address} is IPv6, and the documents do not say whether that is meant"
        return documented(Answer.DEPENDS, sentence, rules.IPV6, _ITS_IPV4)
    if phone is None:
        sentence = f"{address} is allowed if it is in the subnet of the phone and not the phone"
        return documented(Answer.DEPENDS, sentence, rules.LAN, _SAY_WHERE)
    if phone.interface.version == 6:
        sentence = f"the phone {phone.interface.ip} has IPv6, and {address} is IPv4"
        return documented(
            Answer.DEPENDS, sentence, rules.IPV6, "say which IPv4 address the phone has"
        )
    fault = phone.fault(address)
    if fault is None:
        sentence = f"{address} is in {phone.subnet}, and not the phone itself"
        return documented(Answer.YES, sentence, rules.LAN)
    sentence, remedy = f"{address} {phone.clause(fault, address)}", _REMEDIES[fault]
    if phone.assumed and fault is Fault.OUTSIDE:
        remedy = f"{_SAY_WHERE}, or {remedy}"
    if call is not Call.UDP:
        return _no(sentence, remedy, call)
    if fault is Fault.SET_ASIDE:
        sentence += "; a broadcast goes there with setBroadcast: true only"
        return documented(Answer.DEPENDS, sentence, rules.DIRECTED_BROADCAST, _ITS_IPV4)
    sentence += "; one document allows that for UDP, another does not"
    return documented(Answer.DEPENDS, sentence, rules.UDP_ANYWHERE, remedy)


def _no(sentence: str, remedy: str, call: Call) -> Verdict:
    return documented(Answer.NO, sentence, rules.LAN, remedy, refused_text(call))


def _to_many(address: Address) -> Verdict | None:
    """Where a datagram goes to more than one machine."""
    if address == _EVERYBODY:
        sentence = f"a mini-program may send datagrams to everybody in its subnet at {address}"
        return documented(Answer.YES, sentence, rules.BROADCAST)
    if not address.is_multicast:
        return None
    sentence = f"{address} is a multicast address: a mini-program may at most send to it"
    remedy = f"send to {_EVERYBODY} or to the device itself, and answer by unicast"
    return documented(Answer.DEPENDS, sentence, rules.MULTICAST, remedy)


class _Departure(NamedTuple):
    """What a platform makes of a documented yes; `clause` is what it adds."""

    answer: Answer
    rule: Rule
    clause: str
    remedy: str | None = None
    error_text: str | None = None


def _departures(call: Call, *, hotspot: bool) -> dict[Platform, _Departure]:
    refused = refused_text(call)
    if hotspot:
        rule, clause = rules.HOTSPOT, "a phone that is itself the hotspot is usually refused"
        remedy = "join both to a router, or let a third device be the hotspot"
        maybe = _Departure(Answer.DEPENDS, rule, clause, remedy, refused)
        android = maybe._replace(answer=Answer.NO) if call.takes_url else maybe
        return {Platform.ANDROID: android, Platform.IOS: maybe, Platform.HARMONYOS: maybe}
    allow = "allow it: Settings > Privacy & Security > Local Network > WeChat"
    if call is Call.UDP:
        clause = "from some iPhones the datagrams are never sent"
        remedy = f"{allow}; use HTTP or WebSocket where that does not help"
        error_text = "errno 65, No route to host"
        ios = _Departure(Answer.DEPENDS, rules.IOS_UDP, clause, remedy, error_text)
        return {Platform.IOS: ios}
    clause = "the user must have allowed WeChat the local network"
    ios = _Departure(Answer.YES, rules.LOCAL_NETWORK, clause, allow)
    if call is Call.TCP:
        return {Platform.IOS: ios}
    clause = "developers report that HarmonyOS refuses it all the same"
    remedy = "try it on the phone, and keep a wss server domain to fall back on"
    harmonyos = _Departure(Answer.DEPENDS, rules.HARMONYOS_URL, clause, remedy, refused)
    android = _Departure(Answer.YES, rules.ANDROID_WIFI, "the phone must be on Wi-Fi")
    return {Platform.ANDROID: android, Platform.IOS: ios, Platform.HARMONYOS: harmonyos}


def _but(base: Verdict, platform: Platform, departure: _Departure) -> Verdict:
    sentence = f"the documents allow it; {departure.clause}"
    told = departure._asdict() | {"platform": platform, "sentence": sentence}
    del told["clause"]
    return replace(base, **told)

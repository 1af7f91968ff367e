"""Targets with a name in place of an address: the LAN rule has no place for them."""

from lanbridge.core.text import printable
from lanbridge.wechat.calls import TLS_SCHEMES, Call, refused_text
from lanbridge.wechat.lan_rules import UDP_ANYWHERE
from lanbridge.wechat.platforms import Platform, documented, everywhere, in_devtools
from lanbridge.wechat.rules import Answer, Certainty, Rule, Verdict

LITERAL = Rule(
    "lan-address-not-name",
    "The LAN rule is for an IP:PORT; a name must be a configured server domain.",
    "developers.weixin.qq.com, guides to networking and to mDNS",
    Certainty.DOCUMENTED,
)
SERVER_DOMAIN = Rule(
    "server-domain",
    "A name is allowed over https or wss, if it is configured as a server domain.",
    "developers.weixin.qq.com, guide to networking: server domains",
    Certainty.DOCUMENTED,
)


def is_local_name(host: str) -> bool:
    """Whether no server domain can be configured for it: `pi`, `pi.local`, `localhost`."""
    name = host.rstrip(".").lower()
    return "." not in name or name.endswith((".local", ".localhost"))


def name_verdicts(host: str, scheme: str | None, call: Call) -> list[Verdict]:
    """What is known without the list of configured domains."""
    base = _documented(printable(host), scheme, call, is_local=is_local_name(host))
    return everywhere(base, {Platform.DEVTOOLS: in_devtools(base)})


def _documented(host: str, scheme: str | None, call: Call, *, is_local: bool) -> Verdict:
    if call is Call.UDP:
        sentence = f"{host} is a name; one document allows that for UDP, another does not"
        return documented(Answer.DEPENDS, sentence, UDP_ANYWHERE, "send to its IPv4 address")
    if is_local:
        sentence = f"{host} is a local name, and only an IPv4 address is allowed on the LAN"
        remedy = "use its IPv4 address; `lanbridge discover` shows it"
        return documented(Answer.NO, sentence, LITERAL, remedy, refused_text(call))
    if call.takes_url and scheme not in (None, *TLS_SCHEMES):
        sentence = f"{host} is a name, and {scheme} is for addresses on the LAN only"
        remedy = f"use {call.schemes[1]}, and configure {host} as a server domain"
        return documented(Answer.NO, sentence, SERVER_DOMAIN, remedy, refused_text(call))
    sentence = f"{host} is allowed if it is configured as a server domain"
    remedy = "ask `lanbridge check domain` with the domains that are configured"
    return documented(Answer.DEPENDS, sentence, SERVER_DOMAIN, remedy, refused_text(call))

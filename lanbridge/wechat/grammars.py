"""What each reader of a service type takes: the RFC, and the resolvers of the platforms.

Transcribed from the sources that the rules name, whatever they ought to take.
"""

import re
from dataclasses import replace
from enum import StrEnum

from lanbridge.core.errors import InvalidServiceType
from lanbridge.core.names import SERVICE_META, ServiceType, fold, is_valid_type
from lanbridge.core.text import exact
from lanbridge.wechat.rules import Answer, Certainty, Rule, Verdict


class Grammar(StrEnum):
    """Who reads a type; `portable` is all of them."""

    RFC = "rfc"
    APPLE = "apple"
    ANDROID_14 = "android-14"
    ANDROID_OLDER = "android-older"
    PORTABLE = "portable"


RFC = Rule(
    "rfc-service-type",
    "An underscore, 1 to 15 letters, digits and single inner hyphens with a letter among them, "
    "then ._tcp or ._udp.",
    "RFC 6763 §7, RFC 6335 §5.1",
    Certainty.DOCUMENTED,
)
APPLE = Rule(
    "apple-service-type",
    "mDNSResponder takes 1 to 62 letters, digits, inner hyphens and underscores, and one subtype.",
    "apple-oss-distributions/mDNSResponder 2600.100.147, ConstructServiceName",
    Certainty.OBSERVED,
)
ANDROID_14 = Rule(
    "android-14-service-type",
    "NsdManager takes 2 to 62 letters, digits, hyphens and underscores of which the last is a "
    "letter or digit, _tcp or _udp in lower case, and one subtype.",
    "AOSP packages/modules/Connectivity, NsdManager.TYPE_REGEX, NsdService.parseTypeAndSubtype",
    Certainty.OBSERVED,
)
ANDROID_OLDER = Rule(
    "android-older-service-type",
    "Android 13 and older run mdnsd, a copy of Apple's mDNSResponder.",
    "AOSP external/mdnsresponder; the copies differ in the longest name",
    Certainty.INFERRED,
)

_MAX_LABEL_BYTES = 63  # RFC 1035 §2.3.4
_MAX_RFC_LABEL = 16  # the underscore, and 15 characters: RFC 6335 §5.1
_APPLE_NAME = re.compile(r"_[A-Za-z0-9](?:[A-Za-z0-9_-]{0,60}[A-Za-z0-9])?")
_ANDROID_NAME = r"_[A-Za-z0-9_-]{1,61}[A-Za-z0-9]"
_ANDROID_SUBTYPE = r"_[\x20-\x2b\x2d\x2f-\x7e]{1,62}"
_ANDROID_TYPE = re.compile(
    rf"(?:({_ANDROID_SUBTYPE})\.)?{_ANDROID_NAME}\._(?:tcp|udp)\.?((?:,{_ANDROID_SUBTYPE})*)"
)
_TRANSPORTS = ("_tcp", "_udp")
_META = fold(SERVICE_META).removesuffix(".local")
_NEVER_SHOWN = "startLocalServiceDiscovery:fail"  # without a reason


def columns(text: str) -> list[Verdict]:
    """One verdict a grammar, in order; `portable` is not among them."""
    return [_rfc(text), _apple(text), _android_14(text), _android_older(text)]


def _rfc(text: str) -> Verdict:
    if is_valid_type(text.removesuffix(".")):
        return _verdict(Grammar.RFC, Answer.YES, "it is a service type", RFC)
    return _verdict(Grammar.RFC, Answer.NO, _rfc_fault(text), RFC)


def _rfc_fault(text: str) -> str:
    try:
        meant = ServiceType.parse(text)
    except InvalidServiceType as error:
        return error.rule
    # parse() is lenient where platforms are.
    if meant.fqdn == SERVICE_META:
        return f"{_META} lists the types and is none (RFC 6763 §9)"
    if meant.subtype is not None:
        return "a subtype is no part of the service type (RFC 6763 §7.1)"
    return "it begins with a dot; so does what a found event of Android says, so strip it"


def _apple(text: str) -> Verdict:
    if fault := _apple_fault(text):
        return _verdict(Grammar.APPLE, Answer.NO, fault, APPLE)
    sentence = "mDNSResponder takes it, but WeChat for iOS does not search since 7.0.18"
    return _warned(_verdict(Grammar.APPLE, Answer.YES, sentence, APPLE), text)


def _android_14(text: str) -> Verdict:
    if fault := _android_fault(text):
        refused = _verdict(Grammar.ANDROID_14, Answer.NO, fault, ANDROID_14)
        return replace(refused, error_text=_NEVER_SHOWN)
    found = _verdict(Grammar.ANDROID_14, Answer.YES, "NsdManager takes it", ANDROID_14)
    if lists_types(text):
        warning = "Android 14 takes _services for a subtype of _dns-sd._udp, and finds nothing"
        sentence = f"{found.sentence}; it means subtype _services of _dns-sd._udp"
        return replace(found, sentence=sentence, warning=warning)
    return _warned(found, text)


def _android_older(text: str) -> Verdict:
    if fault := _apple_fault(text):
        refused = _verdict(Grammar.ANDROID_OLDER, Answer.NO, fault, ANDROID_OLDER)
        return replace(refused, error_text=_NEVER_SHOWN)
    if len(_labels(text)[-2]) > _MAX_RFC_LABEL:
        sentence = "the name has more than 15 characters, which some copies of mdnsd refuse"
        return _verdict(Grammar.ANDROID_OLDER, Answer.DEPENDS, sentence, ANDROID_OLDER)
    sentence = "mdnsd takes it, as Apple's code does"
    return _warned(_verdict(Grammar.ANDROID_OLDER, Answer.YES, sentence, ANDROID_OLDER), text)


def _warned(verdict: Verdict, text: str) -> Verdict:
    """Of `_http._tcp._udp`, which is read as a subtype of a service that is called `tcp`."""
    *subtype, name, _transport = _labels(text)
    if not subtype or name.lower() not in _TRANSPORTS:
        return verdict
    service = ".".join(_labels(text)[-2:])
    meant = exact(subtype[0])
    sentence = f"{verdict.sentence}; it means subtype {meant} of {service}"
    warning = f"{meant} is taken for a subtype of {service}, and nothing ever matches"
    return replace(verdict, sentence=sentence, warning=warning)


def lists_types(text: str) -> bool:
    """Whether all types that there are were meant: RFC 6763 §9, or as one would guess it."""
    return text == "*" or fold(text.removesuffix(".")).removesuffix(".local") == _META


def _labels(text: str) -> list[str]:
    """Subtype, if there is one, name, transport: the subtype in front wherever it was written."""
    bare, comma, subtype = text.partition(",")
    labels = bare.removesuffix(".").split(".")
    return [*subtype.split("."), *labels] if comma else labels


def _common_fault(text: str) -> str | None:
    """What every resolver refuses."""
    bare, comma, subtypes = text.partition(",")
    labels = bare.removesuffix(".").split(".")
    if text != text.strip():
        return "it begins or ends with a space, and WeChat does not trim"
    if "" in labels:
        return "it has an empty label"
    if labels[-1].lower() == "local":
        return "the domain is not part of a service type"
    if len(labels) == 1:
        return "it lacks the transport, _tcp or _udp"
    if labels[-1].lower() not in _TRANSPORTS:
        return "its last label must be _tcp or _udp"
    if len(labels) > 3:
        return "it has more labels than a subtype, a name and a transport"
    if not labels[-2].startswith("_"):
        return "the name must start with an underscore"
    if comma and not subtypes:
        return "nothing follows the comma"
    return "a search takes one subtype" if "," in subtypes else None


def _apple_fault(text: str) -> str | None:
    if fault := _common_fault(text):
        return fault
    labels = _labels(text)
    if any(len(label.encode("utf-8", "surrogatepass")) > _MAX_LABEL_BYTES for label in labels):
        return "a label has more than 63 bytes"
    if "" in labels or len(labels) > 3:
        return "it must have a name, a transport and at most one subtype"
    if _APPLE_NAME.fullmatch(labels[-2]):
        return None
    return (
        "the name must begin and end with a letter or digit, and hold only letters, digits, "
        "hyphens and underscores"
    )


def _android_fault(text: str) -> str | None:
    match = _ANDROID_TYPE.fullmatch(text)
    if match:
        # parseTypeAndSubtype looks after the comma only where no subtype comes before a dot.
        many = match[1] is None and match[2].count(",") > 1
        return "a search takes one subtype" if many else None
    if fault := _common_fault(text):
        return fault
    name, transport = text.partition(",")[0].removesuffix(".").split(".")[-2:]
    if transport not in _TRANSPORTS:
        return f"{transport} must be in lower case"
    if len(name) > _MAX_LABEL_BYTES:
        return "a label has more than 63 bytes"
    if len(name) <= 2:
        return "the name must have two characters or more"
    if re.fullmatch(_ANDROID_NAME, name):
        return "a subtype must be an underscore and 1 to 62 printable characters of ASCII"
    return (
        "the name must hold only letters, digits, hyphens and underscores, and end with a "
        "letter or digit"
    )


def _verdict(grammar: Grammar, answer: Answer, sentence: str, rule: Rule) -> Verdict:
    return Verdict(platform=grammar, answer=answer, sentence=sentence, rule=rule)

"""Which service types every phone can search for, and what to pass to WeChat.

WeChat itself refuses the empty string only; the platform's grammar decides over all else.
"""

from dataclasses import dataclass, replace

from lanbridge.core.errors import InvalidServiceType
from lanbridge.core.names import ServiceType
from lanbridge.wechat.grammars import Grammar, columns, lists_types
from lanbridge.wechat.rules import Answer, Certainty, Rule, Verdict, worst

PORTABLE = Rule(
    "portable-service-type",
    "Only what every resolver takes is found by every phone.",
    "the rules of all other columns",
    Certainty.INFERRED,
)

_EMPTY = "it is empty, which WeChat answers with 'startLocalServiceDiscovery:fail invalid param'"
_OWN_NAME = "name it with 2 to 15 letters, digits and single hyphens, as _lanbridge._tcp"
_EACH = "search for each type by its name: a mini-program cannot list those that there are"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTypeCheck:
    """literal: what to pass to wx.startLocalServiceDiscovery, of `value` or the nearest type."""

    value: str
    literal: str | None
    decided_by: Grammar
    answer: Answer
    verdicts: list[Verdict]


def check_service_type(text: str) -> ServiceTypeCheck:
    """Raises InvalidServiceType for the empty string only; all else gets its verdicts."""
    if not text:
        raise InvalidServiceType(text, _EMPTY)
    if lists_types(text):
        literal, remedy = None, _EACH
    else:
        literal = _literal(text)
        remedy = f"use '{literal}'" if literal else _OWN_NAME
    found = [
        one if one.answer is Answer.YES and not one.warning else replace(one, remedy=remedy)
        for one in columns(text)
    ]
    refusing = [one.platform for one in found if one.answer is not Answer.YES]
    portable = Verdict(
        platform=Grammar.PORTABLE,
        answer=Answer.NO if refusing else Answer.YES,
        sentence=f"it is not portable: see {', '.join(refusing)}"
        if refusing
        else f"every phone that has mDNS can search for it, written '{literal}'",
        rule=PORTABLE,
        remedy=remedy if refusing else None,
    )
    return ServiceTypeCheck(
        value=text,
        literal=literal,
        decided_by=Grammar.PORTABLE,
        answer=portable.answer,
        verdicts=[*found, portable],
    )


def _literal(text: str) -> str | None:
    """Lower case and with a final dot, as in all samples of WeChat; None where nothing is near."""
    try:
        meant = str(ServiceType.parse(text))
    except InvalidServiceType as error:
        if error.suggestion is None:
            return None
        meant = str(ServiceType.parse(error.suggestion))
    return f"{meant}." if worst(columns(meant)) is Answer.YES else None

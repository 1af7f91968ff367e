"""Where a mini-program runs, and how a verdict of the documents is told for each of them."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from lanbridge.wechat.rules import Answer, Certainty, Rule, Verdict


class Platform(StrEnum):
    """`documented` is what WeChat's documents promise for every platform."""

    DOCUMENTED = "documented"
    ANDROID = "android"
    IOS = "ios"
    HARMONYOS = "harmonyos"
    DEVTOOLS = "devtools"


DEVTOOLS_SKIP = Rule(
    "devtools-skip-check",
    "The developer tools, and a phone in debug mode, can be told not to check domains.",
    "developers.weixin.qq.com, guide to networking: skipping the domain check",
    Certainty.DOCUMENTED,
)


def documented(
    answer: Answer,
    sentence: str,
    rule: Rule,
    remedy: str | None = None,
    error_text: str | None = None,
) -> Verdict:
    """The verdict that all platforms have in common, as far as the documents go."""
    return Verdict(
        platform=Platform.DOCUMENTED,
        answer=answer,
        sentence=sentence,
        rule=rule,
        remedy=remedy,
        error_text=error_text,
    )


def everywhere(base: Verdict, special: Mapping[Platform, Verdict] | None = None) -> list[Verdict]:
    """`base` for every platform that has no special verdict of its own."""
    known = special or {}
    return [known.get(platform) or replace(base, platform=platform) for platform in Platform]


def in_devtools(base: Verdict) -> Verdict:
    """Of a domain or LAN check: a no is one that the developer tools can be told to skip."""
    if base.answer is not Answer.NO:
        return replace(base, platform=Platform.DEVTOOLS)
    only_here = "with the domain check switched off it passes here, and on no phone"
    return replace(
        base,
        platform=Platform.DEVTOOLS,
        answer=Answer.DEPENDS,
        sentence=f"{base.sentence}; {only_here}",
        rule=DEVTOOLS_SKIP,
        remedy="switch the domain check on, and try on a phone without debug mode",
    )

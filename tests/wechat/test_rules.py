"""Every rule has a name of its own, a sentence, a source and how sure it is."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

from lanbridge import wechat
from lanbridge.wechat.platforms import Platform, documented
from lanbridge.wechat.rules import Answer, Rule, worst

RULES: set[Rule] = {
    rule
    for module in iter_modules(wechat.__path__)
    for rule in vars(import_module(f"{wechat.__name__}.{module.name}")).values()
    if isinstance(rule, Rule)
}


def by_id(rule: Rule) -> str:
    """Its name, to sort by and to show."""
    return rule.id


ORDERED: list[Rule] = sorted(RULES, key=by_id)


@pytest.mark.parametrize("rule", ORDERED, ids=by_id)
def test_rules(rule: Rule) -> None:
    """A sentence that ends, and somewhere to read it."""
    assert rule.sentence.endswith(".")
    assert len(rule.source) > 20


def test_rules_have_names_of_their_own() -> None:
    """A program may tell them apart."""
    assert len({rule.id for rule in RULES}) == len(RULES) > 20


@pytest.mark.parametrize(
    ("answers", "together"),
    [("", "yes"), ("yes", "yes"), ("yes depends", "depends"), ("no depends yes", "no")],
)
def test_the_worst_counts(answers: str, together: str) -> None:
    """No before depends before yes."""
    (rule, *_) = RULES
    verdicts = [documented(Answer(answer), "", rule) for answer in answers.split()]
    assert worst(verdicts) == together
    assert all(one.platform is Platform.DOCUMENTED for one in verdicts)

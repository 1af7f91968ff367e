"""Whether the configured server domains allow a URL."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.errors import InvalidAddress, InvalidPort
from lanbridge.wechat.calls import Call
from lanbridge.wechat.domains import MAX_DOMAINS, check_domain
from lanbridge.wechat.rules import Answer

API = "https://api.example.com"

# The URL, the domains, and the rules that say no; then a part of the first sentence.
CASES: dict[str, tuple[str, list[str], str, str]] = {
    "configured": (f"{API}/x?y", [API], "", "https://api.example.com is configured"),
    "one of many": (f"{API}/x", ["https://a.example.com", API], "", "is configured"),
    "without a scheme": (f"{API}/x", ["api.example.com"], "", "is configured"),
    "case": ("https://API.Example.com/x", ["https://Api.example.COM"], "", "is configured"),
    "not configured": (f"{API}/x", [], "domain-listed", f"{API} is not configured"),
    "parent": (
        f"{API}/x",
        ["https://example.com"],
        "domain-listed",
        "is not configured; example.com does not stand for it",
    ),
    "no parent, but the same end": (
        "https://badexample.com/",
        ["https://example.com"],
        "domain-listed",
        "https://badexample.com is not configured",
    ),
    "wildcard": (
        f"{API}/x",
        ["*.example.com"],
        "domain-listed domain-listed",
        "*.example.com cannot be configured",
    ),
    "http": ("http://api.example.com/x", [API], "domain-scheme", "http is not allowed"),
    "ws": ("ws://api.example.com/x", [API], "domain-scheme", "ws is not allowed"),
    "http configured": (
        f"{API}/x",
        ["http://api.example.com"],
        "domain-scheme domain-listed",
        "http://api.example.com cannot be configured: http is no scheme of a server domain",
    ),
    "default port": (
        f"{API}:443/x",
        [API],
        "domain-port",
        "the URL has port 443, and api.example.com is configured with no port",
    ),
    "configured port": (f"{API}:8443/x", [f"{API}:8443"], "", "is configured"),
    "other port": (
        f"{API}:8444/x",
        [f"{API}:8443"],
        "domain-port",
        "the URL has port 8444, and api.example.com is configured with 8443",
    ),
    "no port": (
        f"{API}/x",
        [f"{API}:8443"],
        "domain-port",
        "the URL has no port, and api.example.com is configured with 8443",
    ),
    "either port": (f"{API}/x", [API, f"{API}:8443"], "", "is configured"),
    "wss": ("wss://api.example.com/x", ["wss://api.example.com"], "", "is configured"),
    "wss, any port": ("wss://api.example.com:99/", ["wss://api.example.com"], "", "configured"),
    "wss, configured for https": (
        "wss://api.example.com/",
        [API],
        "domain-listed",
        "wss://api.example.com is not configured",
    ),
    "LAN address": ("https://192.168.1.20/", [API], "domain-host", "is an IP address"),
    "address configured": (
        f"{API}/x",
        [API, "https://192.168.1.20"],
        "domain-host",
        "https://192.168.1.20 cannot be configured: it is an IP address",
    ),
    "localhost": ("https://localhost/", ["https://localhost"], "domain-host domain-host", "local"),
    ".local": ("https://pi.local/", [API], "domain-host", "pi.local: it is a local name"),
    "WeChat's own": (
        "https://api.weixin.qq.com/sns",
        [API],
        "domain-host",
        "api.weixin.qq.com: it is WeChat's own",
    ),
    "WeChat's own configured": (
        f"{API}/x",
        [API, "https://API.weixin.qq.com"],
        "domain-host",
        "https://API.weixin.qq.com cannot be configured: it is WeChat's own",
    ),
    "a dot at the end": (
        f"{API}./x",
        [API],
        "domain-listed",
        "api.example.com. has a dot at its end, and the domain that is configured has none",
    ),
    "20 domains": (f"{API}/x", [API] * MAX_DOMAINS, "", "is configured"),
    "21 domains": (
        f"{API}/x",
        [API] * (MAX_DOMAINS + 1),
        "domain-count",
        "21 domains are configured, and 20 is the limit",
    ),
}


@pytest.mark.parametrize(("url", "domains", "rules", "sentence"), CASES.values(), ids=CASES)
def test_domains(url: str, domains: list[str], rules: str, sentence: str) -> None:
    """Every rule that says no is told, or else one yes."""
    check = check_domain(url, domains)
    refusing = [one.rule.id for one in check.verdicts if one.answer is Answer.NO]
    assert refusing == rules.split()
    assert check.answer is (Answer.NO if rules else Answer.YES)
    assert sentence in check.verdicts[0].sentence
    assert all(one.remedy for one in check.verdicts)


def test_the_call_decides_over_the_scheme() -> None:
    """Without one it is read from the URL."""
    assert check_domain("wss://a.example/", ["a.example"]).call is Call.SOCKET
    assert check_domain("https://a.example/", ["a.example"]).call is Call.REQUEST
    check = check_domain("https://a.example/", ["a.example"], Call.SOCKET)
    assert check.verdicts[0].sentence == "https is not allowed to a server domain"
    assert check.verdicts[0].remedy == "use wss"
    assert (
        check.verdicts[0].error_text == "connectSocket:fail url not in domain list (errno 600002)"
    )


@pytest.mark.parametrize("domain", ["", "https://", "a b", "https://a.example:x"])
def test_a_domain_that_is_none(domain: str) -> None:
    """Nonsense in the list is nonsense."""
    with pytest.raises(InvalidAddress):
        check_domain(API, [domain])


@given(
    st.text(), st.lists(st.text(), max_size=3), st.sampled_from([c for c in Call if c.takes_url])
)
def test_check_domain_is_total(url: str, domains: list[str], call: Call) -> None:
    """Any texts are refused as nonsense, or judged."""
    with contextlib.suppress(InvalidAddress, InvalidPort):
        assert check_domain(url, domains, call).verdicts

"""Every sentence a user can be shown by an exception, and the promises of the tree."""

import copy

import pytest

from lanbridge.core import errors
from lanbridge.core.errors import (
    BodyRefused,
    BodyTooLarge,
    DaemonUnreachable,
    EnvironmentProblem,
    FixedBySettings,
    HostRefused,
    InvalidAddress,
    InvalidHostName,
    InvalidInput,
    InvalidInstanceName,
    InvalidPort,
    InvalidServiceType,
    InvalidSetting,
    InvalidTxtRecord,
    LanbridgeError,
    LimitReached,
    MdnsUnavailable,
    NameConflict,
    NetworkUnavailable,
    NotFound,
    OriginRefused,
    PortUnavailable,
    Refused,
    StateInUse,
    StateUnwritable,
    TokenRequired,
    TokenUnavailable,
    TokenWrong,
    TooManyRequests,
    Unreachable,
)

SENTENCES: dict[str, tuple[LanbridgeError, str]] = {
    "base": (LanbridgeError("x", "it broke"), "lanbridge 'x': it broke."),
    "input": (InvalidInput("x", "it is wrong", "write y"), "value 'x': it is wrong; write y."),
    "service type with a nearest one": (
        InvalidServiceType("http._tcp", "the first label must start with an underscore", "_h._tcp"),
        "service type 'http._tcp': the first label must start with an underscore; use '_h._tcp'.",
    ),
    "service type with none near": (
        InvalidServiceType("*", "it lacks the protocol label"),
        "service type '*': it lacks the protocol label; write it as _name._tcp or _name._udp.",
    ),
    "empty value is not quoted": (
        InvalidInstanceName("", "it is empty", "give it 1 to 63 octets of UTF-8"),
        "instance name: it is empty; give it 1 to 63 octets of UTF-8.",
    ),
    "host name": (
        InvalidHostName("a_b", "it holds an underscore", "use 'a-b.local'"),
        "host name 'a_b': it holds an underscore; use 'a-b.local'.",
    ),
    "txt": (InvalidTxtRecord("k", "it is there already"), "TXT pair 'k': it is there already."),
    "address": (InvalidAddress("1.2.3", "it is none"), "address '1.2.3': it is none."),
    "address copied from a chat": (
        InvalidAddress("10.0.0.9\u00a0", "it is none"),
        r"address '10.0.0.9\u{a0}': it is none.",
    ),
    "a name for people": (
        InvalidInstanceName("客厅\u3000灯\0", "it has a control character"),
        "instance name '客厅\u3000灯\\u{0}': it has a control character.",
    ),
    "port": (InvalidPort("0", "it is too small"), "port '0': it is too small."),
    "setting without source": (
        InvalidSetting("prot", "there is none of that name", "write port"),
        "setting 'prot': there is none of that name; write port.",
    ),
    "setting with source": (
        InvalidSetting("prot", "there is none of that name", "write port", "lanbridge.toml"),
        "lanbridge.toml: setting 'prot': there is none of that name; write port.",
    ),
    "environment": (EnvironmentProblem("", "it cannot"), "this host: it cannot."),
    "network": (NetworkUnavailable("eth0", "it is down"), "network 'eth0': it is down."),
    "mdns": (
        MdnsUnavailable("5353", "it is taken", "stop the other responder"),
        "mDNS port '5353': it is taken; stop the other responder.",
    ),
    "our port": (PortUnavailable("8620", "it is taken"), "port '8620': it is taken."),
    "daemon": (
        DaemonUnreachable("http://pi:8620", "it does not answer"),
        "daemon 'http://pi:8620': it does not answer.",
    ),
    "limit": (LimitReached("services", "8192 are kept"), "limit 'services': 8192 are kept."),
    "token cannot be kept": (
        TokenUnavailable("/var/lib/lanbridge/token", "it cannot be written", "free the disk"),
        "write token '/var/lib/lanbridge/token': it cannot be written; free the disk.",
    ),
    "state": (
        StateUnwritable("/var/lib/lanbridge/x", "it cannot be written", "free the disk"),
        "state file '/var/lib/lanbridge/x': it cannot be written; free the disk.",
    ),
    "two daemons": (
        StateInUse("/var/lib/lanbridge", "another lanbridge runs with it", "stop that one"),
        "state directory '/var/lib/lanbridge': another lanbridge runs with it; stop that one.",
    ),
    "unreachable": (
        Unreachable("lamp._http._tcp.local", "10.9.0.7 is in no subnet of this host"),
        "service 'lamp._http._tcp.local': 10.9.0.7 is in no subnet of this host.",
    ),
    "fixed": (FixedBySettings("lamp", "it is there"), "advertisement 'lamp': it is there."),
    "body": (BodyRefused("text/plain", "it is no JSON"), "body 'text/plain': it is no JSON."),
    "large body": (BodyTooLarge("", "it is too large"), "body: it is too large."),
    "host name of others": (
        HostRefused("evil.example", "it is none of ours", "add it to host_names"),
        "host 'evil.example': it is none of ours; add it to host_names.",
    ),
    "page of others": (
        OriginRefused("http://evil.example", "a page of another origin asks"),
        "origin 'http://evil.example': a page of another origin asks.",
    ),
    "too many": (
        TooManyRequests("10.0.0.9", "more than 50 requests a second"),
        "request from '10.0.0.9': more than 50 requests a second.",
    ),
    "no token": (TokenRequired("", "it takes the token"), "request: it takes the token."),
    "wrong token": (TokenWrong("", "this is not the token"), "request: this is not the token."),
    "conflict": (NameConflict("Lamp", "192.168.1.9 has it"), "name 'Lamp': 192.168.1.9 has it."),
    "refused": (
        Refused("10.0.9.9", "it is in another subnet"),
        "request from '10.0.9.9': it is in another subnet.",
    ),
    "not found": (NotFound("lamp", "nothing has that id"), "'lamp': nothing has that id."),
    "hostile value": (
        NotFound("\x1b[2Jé\u202e", "nothing has that id"),
        r"'\u{1b}[2Jé\u{202e}': nothing has that id.",
    ),
    "quotes and backslashes stay as typed": (
        NotFound(r"Bob's \lamp", "nothing has that id"),
        r"'Bob's \lamp': nothing has that id.",
    ),
}

TREE = [value for value in vars(errors).values() if isinstance(value, type)]
CLASSES = [value for value in TREE if issubclass(value, LanbridgeError)]


@pytest.mark.parametrize(("error", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_sentence(error: LanbridgeError, sentence: str) -> None:
    """The exception reads as one sentence: what, which value, which rule, what to do."""
    assert str(error) == sentence


def test_every_class_is_pinned() -> None:
    """No class is without a sentence in the table."""
    assert {type(error) for error, _ in SENTENCES.values()} == set(CLASSES)


def test_every_class_is_drawn() -> None:
    """The tree in the module's docstring names each class."""
    assert [each.__name__ for each in CLASSES if each.__name__ not in (errors.__doc__ or "")] == []


def test_codes_are_stable_words() -> None:
    """A code is kebab-case and belongs to one class only."""
    codes = [each.code for each in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(code.replace("-", "").isalpha() and code == code.lower() for code in codes)


def test_fields_are_kept() -> None:
    """A face can build its own presentation: the raw value, the rule, the remedy, the nearest."""
    error = InvalidServiceType("\x1bhttp", "rule", "_http._tcp")
    assert (error.value, error.rule, error.suggestion) == ("\x1bhttp", "rule", "_http._tcp")
    assert error.remedy == "use '_http._tcp'"


@pytest.mark.parametrize(("error", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_copies_read_the_same(error: LanbridgeError, sentence: str) -> None:
    """A copy, as a process pool or a debugger makes one, says the same."""
    assert str(copy.copy(error)) == sentence

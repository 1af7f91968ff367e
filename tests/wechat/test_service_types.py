"""Which service types every phone can search for: the table of issue 3, and what holds for any."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lanbridge.core.errors import InvalidServiceType
from lanbridge.wechat.grammars import Grammar
from lanbridge.wechat.rules import Answer
from lanbridge.wechat.service_types import ServiceTypeCheck, check_service_type

LONGEST = "_" + 62 * "a" + "._tcp"

# WECHAT.md §5.2, without its row 47, the empty string: the RFC, Apple, Android 14; y, n, and w
# for what is accepted and never matches. Then older Android, which follows Apple as far as known.
ROWS: dict[str, str] = {
    "_http._tcp.": "yyyy",
    "_http._tcp": "yyyy",
    "_http._tcp.local": "nnnn",
    "_http._tcp.local.": "nnnn",
    "http._tcp.": "nnnn",
    "_http.tcp": "nnnn",
    "_http": "nnnn",
    "_http._udp.": "yyyy",
    "_biubiu._udp.": "yyyy",
    "_hf._tcp.": "yyyy",
    "_a._tcp": "yyny",
    "_1._tcp": "nyny",
    "_9p._tcp": "yyyy",
    "_123._udp": "nyyy",
    "_6000-6063._tcp": "nyyy",
    "_lan-bridge._tcp": "yyyy",
    "_lan--bridge._tcp": "nyyy",
    "_-lan._tcp": "nnyn",
    "_lan-._tcp": "nnnn",
    "_lan_bridge._tcp": "nyyy",
    "__http._tcp": "nnyn",
    "_lanbridge-wecha._tcp": "yyyy",
    "_lanbridge-wechat._tcp": "nyyd",
    "_lanbridge-wechat1._tcp": "nyyd",
    LONGEST: "nyyd",
    "_a" + LONGEST[1:]: "nnnn",
    "_HTTP._tcp": "yyyy",
    "_http._TCP": "yyny",
    "_http._sctp": "nnnn",
    "_http._quic": "nnnn",
    "_http._tcp..": "nnnn",
    "._http._tcp": "nnnn",
    "_http._tcp,": "nnnn",
    "_http._tcp,_printer": "nyyy",
    "_http._tcp.,_printer": "nyyy",
    "_http._tcp,_a,_b": "nnnn",
    "_printer._http._tcp": "nyyy",
    "_printer._sub._http._tcp": "nnnn",
    "_services._dns-sd._udp": "nywy",
    "_http._tcp._udp": "nwww",
    "_ht.tp._tcp": "nnnn",
    "_http ._tcp": "nnnn",
    " _http._tcp": "nnnn",
    "_http._tcp ": "nnnn",
    "_局域网._tcp": "nnnn",
    "_._tcp": "nnnn",
    "*": "nnnn",
    ".": "nnnn",
}
LETTERS = {"y": (Answer.YES, False), "n": (Answer.NO, False), "w": (Answer.YES, True)}
LETTERS["d"] = (Answer.DEPENDS, False)

# WECHAT.md §5.1, in the words of its author.
PORTABLE = re.compile(
    r"_(?=[A-Za-z0-9-]{2,15}\._)(?=[A-Za-z0-9-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
    r"\._(?:tcp|udp)\.?"
)
NEAR_TYPES = st.text(st.sampled_from("_.,-ab1 TcP网"), max_size=12) | st.from_regex(
    r"\A_[a-z0-9_-]{1,17}\._(tcp|udp|TCP)\.?\Z"
)


def letters(check: ServiceTypeCheck) -> str:
    """The verdicts of all columns but the last, as the table writes them."""
    known = {pair: letter for letter, pair in LETTERS.items()}
    return "".join(known[one.answer, one.warning is not None] for one in check.verdicts[:-1])


@pytest.mark.parametrize(("text", "row"), ROWS.items(), ids=ROWS)
def test_every_row_of_the_table(text: str, row: str) -> None:
    """Each column answers as its source does, and a type is portable if all of them take it."""
    check = check_service_type(text)
    assert letters(check) == row
    assert [one.platform for one in check.verdicts] == list(Grammar)
    assert check.answer is (Answer.YES if row == "yyyy" else Answer.NO)
    assert check.decided_by is Grammar.PORTABLE


def test_the_table_is_whole() -> None:
    """47 rows, of which one has three spellings and one is the empty string."""
    assert len(ROWS) == 47 - 1 + 2


def test_the_empty_string_is_nonsense() -> None:
    """WeChat itself refuses this, and nothing else."""
    with pytest.raises(InvalidServiceType, match="invalid param"):
        check_service_type("")


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("_http._tcp", "_http._tcp."),
        ("_HTTP._TCP.", "_http._tcp."),
        ("._http._tcp", "_http._tcp."),
        ("_http._tcp.local.", "_http._tcp."),
        ("_http._tcp,_printer", "_http._tcp."),
        ("_printer._http._tcp", "_http._tcp."),
        ("_lan--bridge._tcp", "_lan-bridge._tcp."),
        ("_a._tcp", None),
        ("_123._udp", None),
    ],
)
def test_the_literal_to_pass(text: str, literal: str | None) -> None:
    """In the form of WeChat's samples, of the type or of the nearest portable one."""
    check = check_service_type(text)
    assert check.literal == literal
    if check.answer is Answer.YES:
        assert f"'{literal}'" in check.verdicts[-1].sentence
    else:
        assert check.verdicts[-1].remedy == (
            f"use '{literal}'"
            if literal
            else "name it with 2 to 15 letters, digits and single hyphens, as _lanbridge._tcp"
        )


@pytest.mark.parametrize(
    "text",
    ["_services._dns-sd._udp", "_Services._dns-sd._udp.", "_services._dns-sd._udp.local", "*"],
)
def test_who_wants_all_types_is_told_that_there_is_no_list(text: str) -> None:
    """Another name for them is no remedy."""
    check = check_service_type(text)
    assert check.literal is None
    remedies = {one.remedy for one in check.verdicts if one.answer is Answer.NO or one.warning}
    assert remedies == {
        "search for each type by its name: a mini-program cannot list those that there are"
    }


# A text, the column that is asked, and its sentence.
REASONS = """
_a._tcp | android-14 | the name must have two characters or more
_http._TCP | android-14 | _TCP must be in lower case
_lan-._tcp | android-14 | the name must hold only letters, digits, hyphens and underscores, \
and end with a letter or digit
_lan-._tcp | apple | the name must begin and end with a letter or digit, and hold only letters, \
digits, hyphens and underscores
_http._tcp,printer | android-14 | a subtype must be an underscore and 1 to 62 printable \
characters of ASCII
_http._tcp,_a,_b | android-14 | a search takes one subtype
_http._tcp,_aa,_bb | android-14 | a search takes one subtype
_http._tcp, | apple | nothing follows the comma
_a._http._tcp,_b | apple | it must have a name, a transport and at most one subtype
_printer._sub._http._tcp | apple | it has more labels than a subtype, a name and a transport
_http._sctp | apple | its last label must be _tcp or _udp
_http | apple | it lacks the transport, _tcp or _udp
http._tcp | apple | the name must start with an underscore
_http._tcp.local | android-14 | the domain is not part of a service type
_http._tcp.. | android-14 | it has an empty label
_http._tcp, _x| rfc | a subtype is no part of the service type (RFC 6763 §7.1)
._http._tcp | rfc | it begins with a dot; so does what a found event of Android says, so strip it
_services._dns-sd._udp | rfc | _services._dns-sd._udp lists the types and is none (RFC 6763 §9)
_lan--bridge._tcp | rfc | the name must not hold two hyphens in a row (RFC 6335 §5.1)
_lanbridge-wechat._tcp | android-older | the name has more than 15 characters, which some copies \
of mdnsd refuse
_services._dns-sd._udp | android-14 | NsdManager takes it; it means subtype _services of \
_dns-sd._udp
_http._tcp._udp | android-14 | NsdManager takes it; it means subtype _http of _tcp._udp
_http._tcp._udp | android-older | mdnsd takes it, as Apple's code does; it means subtype _http of \
_tcp._udp
_http._TCP | portable | it is not portable: see android-14
""".replace("\\\n", "")


@pytest.mark.parametrize("line", REASONS.strip().splitlines())
def test_the_reason(line: str) -> None:
    """It names the part that the reader trips over, or takes for another."""
    text, grammar, sentence = map(str.strip, line.split("|"))
    found = {one.platform: one for one in check_service_type(text).verdicts}
    assert found[grammar].sentence == sentence


def test_a_label_too_long_is_called_so() -> None:
    """By both resolvers."""
    found = {one.platform: one for one in check_service_type("_a" + LONGEST[1:]).verdicts}
    assert found[Grammar.APPLE].sentence == "a label has more than 63 bytes"
    assert found[Grammar.ANDROID_14].sentence == "a label has more than 63 bytes"


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "_services._dns-sd._udp",
            "Android 14 takes _services for a subtype of _dns-sd._udp, and finds nothing",
        ),
        (
            "_http._tcp._udp",
            "_http is taken for a subtype of _tcp._udp, and nothing ever matches",
        ),
    ],
)
def test_what_is_accepted_and_never_matches(text: str, warning: str) -> None:
    """No error is shown for it, so the check has to warn."""
    found = {one.platform: one for one in check_service_type(text).verdicts}
    assert (found[Grammar.ANDROID_14].answer, found[Grammar.ANDROID_14].warning) == (
        Answer.YES,
        warning,
    )


def test_android_says_nothing_of_why() -> None:
    """The text that a mini-program gets is a bare failure."""
    found = {one.platform: one for one in check_service_type("http").verdicts}
    assert found[Grammar.ANDROID_14].error_text == "startLocalServiceDiscovery:fail"
    assert found[Grammar.RFC].error_text is None


@given(NEAR_TYPES.filter(bool))
def test_portable_is_what_all_columns_take(text: str) -> None:
    """The intersection of the grammars is the one expression that the facts give for it."""
    assert (check_service_type(text).answer is Answer.YES) == bool(PORTABLE.fullmatch(text))


SUBTYPES = st.builds("{},_tcp._udp".format, st.text()) | st.builds("_tcp._udp,{}".format, st.text())


@given(st.text(min_size=1) | NEAR_TYPES.filter(bool) | SUBTYPES)
@example("_TCP._UDP,\xa00")
def test_check_is_total(text: str) -> None:
    """Whatever is typed gets a verdict of every column, and a literal that is portable itself."""
    check = check_service_type(text)
    assert [one.platform for one in check.verdicts] == list(Grammar)
    assert all(f"{one.sentence}{one.warning}{one.remedy}".isprintable() for one in check.verdicts)
    if check.literal is not None:
        assert check_service_type(check.literal).answer is Answer.YES

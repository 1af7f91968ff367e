"""The ids that stay."""

import string

from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.services import stable_id


def test_an_id_is_pinned() -> None:
    """Dashboards keep it: it is the same on every machine and in every version."""
    assert stable_id("Kitchen lamp._http._tcp.local") == "65c112931523fe31"


@given(st.text(max_size=80))
def test_an_id_ignores_ascii_case_and_the_trailing_dot(name: str) -> None:
    """RFC 6762 §16; lone surrogates, which a stranger's bytes can become, are no exception."""
    id_ = stable_id(name)
    assert len(id_) == 16
    assert set(id_) <= set(string.hexdigits.lower())
    upper = "".join(each.upper() if each.isascii() else each for each in name)
    assert stable_id(upper) == stable_id(name + ".") == id_


@given(st.text(alphabet=st.characters(categories=["Cs", "Ll"]), max_size=8))
def test_an_id_of_anything(name: str) -> None:
    """No name raises."""
    assert len(stable_id(name)) == 16

"""Ports that wx.createTCPSocket refuses."""

import pytest

from lanbridge.wechat.calls import Call
from lanbridge.wechat.platforms import Platform
from lanbridge.wechat.ports import is_refused_to_tcp, port_verdicts
from lanbridge.wechat.rules import Answer

# As the typings of 5.2.3 list them.
REFUSED = """
1099 1433 1521 1719 1720 1723 2049 2375 3128 3306 3389 3659 4045 5060 5061 5432 5984 6379 6000
6566 7001 7002 8443 8888 9200 9300 10051 10080 11211 27017 27018 27019
"""


def test_the_list() -> None:
    """Below 1024, the list, 8000 to 8100, and no other."""
    listed = {*map(int, REFUSED.split()), *range(1, 1024), *range(8000, 8101)}
    assert {port for port in range(1, 65536) if is_refused_to_tcp(port)} == listed


@pytest.mark.parametrize(
    ("port", "answer", "why"),
    [
        (80, Answer.NO, "port 80, which is below 1024"),
        (8080, Answer.NO, "port 8080, which is on its list of refused ports"),
        (8620, Answer.YES, "port 8620 is not on the list"),
    ],
)
def test_a_port_for_tcp(port: int, answer: Answer, why: str) -> None:
    """The same on every platform."""
    verdicts = port_verdicts(port, Call.TCP)
    assert [one.platform for one in verdicts] == list(Platform)
    assert {one.answer for one in verdicts} == {answer}
    assert why in verdicts[0].sentence


@pytest.mark.parametrize("call", [call for call in Call if call is not Call.TCP])
def test_other_calls_have_no_list(call: Call) -> None:
    """None is documented."""
    assert port_verdicts(8080, call) == []

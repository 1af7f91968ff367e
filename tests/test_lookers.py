"""How often the network is asked because somebody looks."""

import asyncio

from lanbridge.lookers import INTERVAL_S, MAX_LOOKERS, Lookers
from tests.mdns.virtual import run


class Looks(Lookers):
    """Notes when the network is asked."""

    def __init__(self) -> None:
        self.at_s: list[float] = []
        self._start_s = asyncio.get_running_loop().time()
        super().__init__(self._note)

    def _note(self) -> None:
        self.at_s.append(asyncio.get_running_loop().time() - self._start_s)


def test_a_page_that_polls_looks_once_in_a_while() -> None:
    """Whatever the pace."""

    async def play() -> None:
        looks = Looks()
        for _ in range(40):
            looks.looked("10.0.0.9")
            await asyncio.sleep(1)
        assert looks.at_s == [0, INTERVAL_S, 2 * INTERVAL_S]

    run(play())


def test_a_look_that_comes_too_soon_is_made_later() -> None:
    """Once, however many there were; a page reads the list, opens the stream and is quiet then."""

    async def play() -> None:
        looks = Looks()
        for _ in range(3):
            looks.looked("10.0.0.9")
        await asyncio.sleep(10 * INTERVAL_S)
        assert looks.at_s == [0, INTERVAL_S]

    run(play())


def test_each_who_looks_is_answered_at_once() -> None:
    """He has not looked before."""

    async def play() -> None:
        looks = Looks()
        looks.looked("10.0.0.8")
        looks.looked("10.0.0.9")
        assert looks.at_s == [0, 0]

    run(play())


def test_those_who_looked_are_remembered_up_to_a_number() -> None:
    """The first gives way, and what he waited for with him."""

    async def play() -> None:
        looks = Looks()
        looks.looked("first")
        looks.looked("first")
        for number in range(MAX_LOOKERS):
            looks.looked(str(number))
        await asyncio.sleep(2 * INTERVAL_S)
        assert looks.at_s == [0] * (MAX_LOOKERS + 1)

    run(play())


def test_at_the_end_nobody_waits() -> None:
    """The network is asked no more."""

    async def play() -> None:
        looks = Looks()
        looks.looked("10.0.0.9")
        looks.looked("10.0.0.9")
        looks.close()
        await asyncio.sleep(2 * INTERVAL_S)
        assert looks.at_s == [0]

    run(play())

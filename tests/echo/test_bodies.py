"""The memory for bodies, and what each request has of it."""

from lanbridge.echo.bodies import SMALL_BYTES, Memory, Share
from lanbridge.echo.call import Room


def test_all_requests_have_one_memory() -> None:
    """There is one for each server, and no more can be taken than there is."""
    room = Room()
    assert room.one(Memory) is room.one(Memory)
    memory = Memory(100)
    assert memory.take(60)
    assert not memory.take(41)
    memory.give(60)
    assert memory.take(100)


def test_what_is_small_needs_no_memory() -> None:
    """The rest is taken as it grows, given back as it shrinks, and all of it at the end."""
    memory = Memory(100)
    with Share(memory) as share:
        assert share.hold(SMALL_BYTES)
        assert share.hold(60)
        assert not share.hold(41)
        with Share(memory) as other:
            assert other.hold(SMALL_BYTES)
            assert not other.hold(41)
            assert share.hold(-SMALL_BYTES)
            assert other.hold(100)
        assert share.hold(SMALL_BYTES)
        assert not memory.take(41)
    assert memory.take(100)

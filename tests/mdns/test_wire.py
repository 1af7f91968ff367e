"""Bytes: ours are read back by zeroconf's decoder, theirs never make ours raise."""

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.records import Nsec, Question, Rdata, Record, RecordType, Srv
from lanbridge.mdns.decode import decode
from lanbridge.mdns.wire import (
    MAX_PAYLOAD_BYTES,
    TRUNCATED,
    encode_legacy_response,
    encode_probe,
    encode_query,
    encode_rdata,
    encode_response,
)

LABEL = st.text(
    st.characters(codec="utf-8", exclude_characters=".\x00", exclude_categories=("Cs", "Cc")),
    min_size=1,
    max_size=15,
)
HOST = st.builds("{}.local".format, st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True))
INSTANCE = st.builds("{}._http._tcp.local".format, LABEL)


def records_of(
    type_: RecordType, name: st.SearchStrategy[str], data: st.SearchStrategy[Rdata]
) -> st.SearchStrategy[Record]:
    """Records of one type with whatever name and data."""
    return st.builds(Record, name, st.just(type_), st.integers(0, 2**31 - 1), data, st.booleans())


RECORD = st.one_of(
    records_of(RecordType.A, HOST, st.ip_addresses(v=4)),
    records_of(RecordType.AAAA, HOST, st.ip_addresses(v=6)),
    records_of(RecordType.PTR, st.just("_http._tcp.local"), INSTANCE),
    records_of(RecordType.TXT, INSTANCE, st.binary(min_size=1, max_size=300)),
    records_of(
        RecordType.SRV,
        INSTANCE,
        st.builds(Srv, *[st.integers(0, 65_535)] * 3, HOST),
    ),
)


class TestRoundTrip:
    """RFC 1035 §4, RFC 6762 §18."""

    @given(st.lists(RECORD, min_size=1, max_size=12))
    def test_what_is_written_is_read_back(self, records: list[Record]) -> None:
        """Every record, in order, whatever packets it takes."""
        messages = [decode(packet) for packet in encode_response(records)]
        assert all(message and message.is_response for message in messages)
        assert [one for message in messages if message for one in message.records] == records

    def test_an_instance_name_with_dots_is_one_label(self) -> None:
        """RFC 6763 §4.3: the dots of `Dr. Lamp v1.2` separate nothing."""
        (packet,) = encode_query([(Question("Dr. Lamp v1.2._http._tcp.local", RecordType.SRV), ())])
        assert packet[12:27] == b"\x0dDr. Lamp v1.2\x05"

    def test_names_are_compressed(self) -> None:
        """RFC 6762 §18.14: the second name of one suffix is a pointer."""
        ptr = Record("_http._tcp.local", RecordType.PTR, 4500, "a._http._tcp.local")
        (packet,) = encode_response([ptr, ptr._replace(data="b._http._tcp.local")])
        assert packet.count(b"_http") == 1

    def test_nsec_says_which_types_exist(self) -> None:
        """RFC 6762 §6.1: its own name as next domain, one bitmap block."""
        nsec = Record("h.local", RecordType.NSEC, 120, Nsec("h.local", (1, 28)), flush=True)
        (packet,) = encode_response([nsec])
        message = decode(packet)
        assert message is not None
        assert message.records == (nsec,)

    def test_rdata_is_compared_uncompressed(self) -> None:
        """RFC 6762 §8.2."""
        record = Record("x", RecordType.SRV, 1, Srv(0, 0, 80, "h.local"))
        assert encode_rdata(record) == b"\0\0\0\0\0\x50\x01h\x05local\0"

    def test_a_link_local_address_gets_the_scope_it_was_heard_on(self) -> None:
        """Without it, fe80::1 means nothing."""
        record = Record("h.local", RecordType.AAAA, 120, IPv6Address("fe80::1"))
        (packet,) = encode_response([record])
        message = decode(packet, "eth0")
        assert message is not None
        assert str(message.records[0].data) == "fe80::1%eth0"


class TestQueries:
    """RFC 6762 §5.4, §7.1, §7.2, §8.2."""

    def test_known_answers_that_do_not_fit_follow_without_questions(self) -> None:
        """All packets but the last say that more is to come."""
        question = Question("_http._tcp.local", RecordType.PTR)
        known = [
            Record(question.name, RecordType.PTR, 4500, f"service {n}._http._tcp.local")
            for n in range(200)
        ]
        packets = encode_query([(question, known)])
        messages = [message for packet in packets if (message := decode(packet))]
        assert len(packets) > 1
        assert all(len(packet) <= MAX_PAYLOAD_BYTES for packet in packets)
        assert [bool(m.flags & TRUNCATED) for m in messages] == [True] * (len(packets) - 1) + [
            False
        ]
        assert [len(m.questions) for m in messages] == [1] + [0] * (len(packets) - 1)
        assert sum(len(m.records) for m in messages) == 200

    def test_many_questions_take_several_packets(self) -> None:
        """None of them is lost and none is larger than the MTU."""
        questions = [Question(f"_service{n}._tcp.local", RecordType.PTR) for n in range(300)]
        packets = encode_query([(one, ()) for one in questions])
        messages = [message for packet in packets if (message := decode(packet))]
        assert [one for m in messages for one in m.questions] == questions
        assert all(len(packet) <= MAX_PAYLOAD_BYTES for packet in packets)

    def test_known_answers_stay_with_their_question(self) -> None:
        """Where the questions take several packets: nobody holds an answer back for the next."""
        asked = [
            (
                Question(f"_service{n}._tcp.local", RecordType.PTR),
                [
                    Record(
                        f"_service{n}._tcp.local", RecordType.PTR, 9, f"{m}._service{n}._tcp.local"
                    )
                    for m in range(5)
                ],
            )
            for n in range(60)
        ]
        packets = encode_query(asked)
        messages = [message for packet in packets if (message := decode(packet))]
        assert len(packets) > 1
        assert not any(message.is_truncated for message in messages)
        for message in messages:
            names = {question.name for question in message.questions}
            assert {record.name for record in message.records} == names
        assert sum(len(message.records) for message in messages) == 300

    @pytest.mark.parametrize("limit", [1_232, 1_452])
    def test_no_packet_is_larger_than_the_link_takes(self, limit: int) -> None:
        """RFC 6762 §17; only a record that is larger by itself, and it goes alone."""
        texts = [
            Record(f"{n}._http._tcp.local", RecordType.TXT, 9, bytes(size))
            for n, size in enumerate([400] * 9 + [3_000] + [400] * 9)
        ]
        packets = list(encode_response(texts, texts, limit))
        large = [packet for packet in packets if len(packet) > limit]
        assert [len(message.records) for one in large if (message := decode(one))] == [1, 1]
        assert sum(len(message.records) for one in packets if (message := decode(one))) == 38

    def test_the_qu_bit_travels(self) -> None:
        """RFC 6762 §5.4: the top bit of the class."""
        questions = [Question("a.local", RecordType.A, unicast=True), Question("b.local", 1)]
        (packet,) = encode_query([(one, ()) for one in questions])
        message = decode(packet)
        assert message is not None
        assert list(message.questions) == questions

    def test_proposed_records_carry_no_cache_flush_bit(self) -> None:
        """RFC 6762 §10.2, for the authority section of a probe."""
        record = Record("h.local", RecordType.A, 120, IPv4Address("10.0.0.1"), flush=True)
        packet = encode_probe([Question("h.local", RecordType.ANY)], [record])
        message = decode(packet)
        assert message is not None
        assert message.is_probe
        assert message.records == (record._replace(flush=False),)

    def test_a_legacy_answer_repeats_id_and_question(self) -> None:
        """RFC 6762 §6.7: TTL at most 10 s, no cache-flush bit."""
        record = Record("h.local", RecordType.A, 120, IPv4Address("10.0.0.1"), flush=True)
        question = Question("h.local", RecordType.A)
        message = decode(encode_legacy_response(77, question, [record], []))
        assert message is not None
        assert (message.id, message.questions) == (77, (question,))
        assert message.records == (record._replace(ttl_s=10, flush=False),)


class TestStrangers:
    """RFC 6762 §18.3, §18.11, and plain garbage."""

    @given(st.binary(max_size=400))
    def test_no_bytes_make_it_raise(self, data: bytes) -> None:
        """Garbage is None, or a message with what could be read."""
        decode(data)

    @given(st.lists(RECORD, min_size=1, max_size=4), st.data())
    def test_no_damaged_packet_makes_it_raise(
        self, records: list[Record], data: st.DataObject
    ) -> None:
        """One byte changed, or the end cut off."""
        packet = bytearray(next(iter(encode_response(records))))
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
        decode(bytes(packet[: data.draw(st.integers(0, len(packet)))]))

    @pytest.mark.parametrize("flags", [0x0800, 0x1000, 0x8403, 0x8401], ids=hex)
    def test_other_opcodes_and_response_codes_are_ignored(self, flags: int) -> None:
        """ "MUST be silently ignored"."""
        assert decode(struct.pack("!6H", 0, flags, 0, 0, 0, 0)) is None

    @pytest.mark.parametrize("size", [0, 11, 9_001])
    def test_sizes_that_no_message_has_are_ignored(self, size: int) -> None:
        """Shorter than a header, larger than RFC 6762 §17 allows."""
        assert decode(bytes(size)) is None

    def test_one_unreadable_record_leaves_the_others(self) -> None:
        """And is told, so that it can be counted."""
        good = Record("h.local", RecordType.A, 120, IPv4Address("10.0.0.1"))
        (packet,) = encode_response([good, good])
        first_rdlength = packet.index(b"\x00\x04\x0a")
        broken = packet[:first_rdlength] + b"\x00\x03" + packet[first_rdlength + 2 : -16]
        message = decode(broken + b"\0" * 13)
        assert message is None or not message.is_whole

    def test_records_of_another_class_are_left_out(self) -> None:
        """Only class IN means anything here."""
        body = b"\x01h\x05local\0" + struct.pack("!2HIH", 1, 3, 120, 4) + bytes(4)
        message = decode(struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + body)
        assert message is not None
        assert message.records == ()

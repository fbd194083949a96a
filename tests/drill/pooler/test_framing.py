"""Where the network cuts the stream doesn't matter."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from headroom.drill.pooler.framing import BackendMessages, FrontendMessages, MessageError

_bodies = st.binary(max_size=300)
_typed = st.builds(
    lambda kind, body: bytes([kind]) + struct.pack("!i", len(body) + 4) + body,
    st.sampled_from(b"QPBDECSHFdcfp"),
    _bodies,
)
_startup = st.builds(lambda body: struct.pack("!ii", len(body) + 8, 196608) + body, _bodies)
_backend = st.builds(
    lambda kind, body: bytes([kind]) + struct.pack("!i", len(body) + 4) + body,
    st.sampled_from(b"DdTCZEGSRK13N2"),
    _bodies,
)
_ENCRYPT = struct.pack("!ii", 8, 80877103)


@st.composite
def cut(draw: st.DrawFn, stream: st.SearchStrategy[bytes]) -> tuple[bytes, list[bytes]]:
    whole = draw(stream)
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    return whole, [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


@given(startup=_startup, messages=st.lists(_typed, max_size=20), encrypt=st.integers(0, 2), data=st.data())
def test_a_clients_messages_come_out_as_they_went_in(
    startup: bytes, messages: list[bytes], encrypt: int, data: st.DataObject
) -> None:
    expected = [_ENCRYPT] * encrypt + [startup, *messages]
    _, parts = data.draw(cut(st.just(b"".join(expected))))
    frames = FrontendMessages()
    assert [m for part in parts for m in frames.feed(part)] == expected
    assert frames.broken == ""


@given(cut(st.binary(max_size=400) | st.builds(lambda a, b: a + b, _startup, st.binary(max_size=400))))
def test_garbage_is_found_out_at_the_same_place_however_it_is_cut(stream: tuple[bytes, list[bytes]]) -> None:
    whole, parts = stream
    at_once, in_parts = FrontendMessages(), FrontendMessages()
    assert at_once.feed(whole) == [m for part in parts for m in in_parts.feed(part)]
    assert at_once.broken == in_parts.broken


@given(messages=st.lists(_backend, max_size=20), data=st.data())
def test_a_servers_bytes_pass_and_what_matters_is_found(messages: list[bytes], data: st.DataObject) -> None:
    whole, parts = data.draw(cut(st.just(b"".join(messages))))
    reader, passed, found = BackendMessages(), b"", []
    for part in parts:
        chunk, events = reader.feed(part)
        passed += chunk
        found += [chunk[begin:end] for _, begin, end in events]
    assert passed == whole
    assert found == [m for m in messages if m[:1] not in b"DdTCN2"]


@given(cut(st.binary(max_size=200)))
def test_a_servers_garbage_never_does_more_than_raise(stream: tuple[bytes, list[bytes]]) -> None:
    reader = BackendMessages()
    try:
        for part in stream[1]:
            reader.feed(part)
    except MessageError as error:
        assert str(error).startswith("invalid length")  # noqa: PT017 - it need not be raised


def test_who_has_not_logged_in_yet_fills_no_memory() -> None:
    frames = FrontendMessages(before_login=True)
    frames.feed(struct.pack("!ii", 9, 196608) + b"\0")
    assert frames.feed(b"Q" + struct.pack("!i", 65_536)) == []
    assert frames.broken == "invalid length 65536 of a message of type 'Q'"


def test_a_long_message_in_many_parts_comes_out_whole() -> None:
    reader, error = BackendMessages(), b"E" + struct.pack("!i", 4 + 1_000_000) + b"x" * 1_000_000
    parts = [error[at : at + 1000] for at in range(0, len(error), 1000)]
    passed = [reader.feed(part) for part in parts]
    assert passed[:-1] == [(b"", [])] * (len(parts) - 1)
    assert passed[-1] == (error, [(ord("E"), 0, len(error))])

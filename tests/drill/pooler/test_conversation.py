"""Prepared statements behave through shared server connections as they do on a connection of one's own.

A small model of PostgreSQL's extended protocol answers; clients take turns on two model servers. It forgets one thing
more than PostgreSQL does: the unnamed statement, where its Parse or Close is skipped after an error.
"""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom.drill.pooler import conversation as module
from headroom.drill.pooler.conversation import Conversation, Statements
from tests.drill.pooler.wire import EXECUTE, SYNC, bind, close, parse, query
from tests.searches import searched


class Model:
    """A server: statements by name; texts that contain "bad" don't parse."""

    def __init__(self) -> None:
        self.statements: dict[bytes, bytes] = {}
        self.skipping = False

    def answer(self, message: bytes) -> list[str]:
        kind, body = chr(message[0]), message[5:]
        if kind == "S":
            self.skipping = False
            return ["Z"]
        if self.skipping:
            if kind in "PC" and body.removeprefix(b"S").startswith(b"\0"):
                self.statements.pop(b"", None)
            return []
        if kind == "Q":
            self.statements.pop(b"", None)
            return ["C", "Z"]
        if kind == "P":
            name, text, _ = body.split(b"\0", 2)
            if not name:
                self.statements.pop(b"", None)
            if b"bad" in text or name in self.statements:
                return self.error()
            self.statements[name] = text
            return ["1"]
        if kind == "C":
            self.statements.pop(body[1:-1], None)
            return ["3"]
        if kind == "B":
            bound = self.statements.get(body.split(b"\0")[1])
            return self.error() if bound is None else [f"2 {bound.decode()}"]
        return ["C"]

    def error(self) -> list[str]:
        self.skipping = True
        return ["E"]


def through(conversation: Conversation, model: Model, statements: Statements, messages: list[bytes]) -> list[str]:
    """What the client sees; the messages end in silence (a Sync or a Query)."""
    seen, out = [], list[bytes]()
    for message in messages:
        conversation.request(message, statements, out)
    for message in out:
        for answer in model.answer(message):
            kind = ord(answer[0])
            if not conversation.response(kind, ord("I"), statements):
                seen.append(answer)
    return seen


names = st.sampled_from(["", "a", "b"])
texts = st.sampled_from(["one", "two", "three", "bad"])
requests = st.one_of(
    st.builds(parse, names, texts),
    st.builds(bind, names),
    st.builds(close, names),
    st.just(EXECUTE),
    st.just(query("q")),
)
# A query ends an extended sequence here: inside one it pins, which the server tests show.
batches = st.lists(requests.filter(lambda m: m[:1] != b"Q"), max_size=8).map(lambda m: [*m, SYNC]) | st.just(
    [query("q")]
)
turns = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), batches), max_size=25)


@pytest.mark.parametrize("prepared_max", [500, 2])
def test_clients_cant_tell_that_they_share(prepared_max: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PREPARED_MAX", prepared_max)

    @given(turns)
    @example([(1, 0, [parse("", "one"), bind("a"), parse("", "one"), SYNC]), (1, 0, [bind(""), SYNC])])
    @example([(1, 0, [parse("", "one"), bind("a"), close(""), SYNC]), (1, 0, [bind(""), SYNC])])
    @settings(max_examples=searched(300))
    def check(turns: list[tuple[int, int, list[bytes]]]) -> None:
        own = [Model() for _ in range(3)]
        shared: list[Any] = [(Conversation(set()), Model()) for _ in range(2)]
        clients: list[Statements] = [{} for _ in range(3)]
        for client, server, messages in turns:
            expected = [answer for message in messages for answer in own[client].answer(message)]
            conversation, model = shared[server]
            assert through(conversation, model, clients[client], messages) == expected
            assert conversation.quiet

    check()


def test_a_known_statement_is_prepared_without_a_server() -> None:
    known: set[bytes] = set()
    conversation, model = Conversation(known), Model()
    one: Statements = {}
    two: Statements = {}
    assert not module.prepare_known(parse("a", "one"), known, two)
    assert through(conversation, model, one, [parse("a", "one"), SYNC]) == ["1", "Z"]
    assert module.prepare_known(parse("b", "one"), known, two)
    assert not module.prepare_known(parse("b", "one"), known, two)  # the server must object
    assert through(conversation, model, two, [bind("b"), EXECUTE, SYNC]) == ["2 one", "C", "Z"]
    assert through(Conversation(known), Model(), two, [bind("b"), EXECUTE, SYNC]) == ["2 one", "C", "Z"]
    assert through(conversation, model, one, [parse("c", "bad"), SYNC]) == ["E", "Z"]
    assert not module.prepare_known(parse("d", "bad"), known, two)


def test_a_sync_is_ignored_while_the_server_waits_for_copy_data() -> None:
    conversation, statements = Conversation(set()), Statements()
    out: list[bytes] = []
    for message in (parse("", "COPY"), bind(""), EXECUTE, SYNC):
        conversation.request(message, statements, out)
    conversation.response(ord("1"), 0, statements)
    conversation.response(ord("G"), 0, statements)
    assert not conversation.quiet
    for message in (b"d\0\0\0\4", b"c\0\0\0\4", SYNC):
        conversation.request(message, statements, out)
    assert not conversation.quiet
    conversation.response(ord("Z"), ord("I"), statements)
    assert conversation.quiet

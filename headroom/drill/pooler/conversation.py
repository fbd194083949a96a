"""What a server connection still owes its client, and which prepared statements it knows. Pure: no bytes are sent here.

Clients name their statements as they like; on the server a statement's name comes from its text, so that clients share
them. Where a client uses a statement that this server connection doesn't know, a Parse goes before it, and its answer
is swallowed. That needs the order of answers, so all that will be answered stands in a queue.

A statement that was parsed once is known to be good: another client's Parse of the same text needs no server
connection. (If its table is gone since, the error comes with Bind.) Without that, pgbench -M prepared would lock itself
up: it waits for one client's Parse while its others keep all connections in transactions.

One difference is left: of an error it isn't known which message met it, so an unnamed statement that was to be parsed
anew or closed behind the error is gone, where PostgreSQL skips that and keeps the old one. No driver that we know goes
on with the old one then.
"""

from collections import OrderedDict, deque
from enum import IntEnum
from hashlib import blake2b
from typing import NamedTuple

from headroom.drill.pooler.messages import cstring, message

_PREPARED_MAX = 500  # on one server connection
_KNOWN_MAX = 10_000
_NOBODY = b"headroom_none"  # closing it is answered like any other Close, using it is an error
_IDLE = ord("I")
(_QUERY, _PARSE, _BIND, _DESCRIBE, _CLOSE, _SYNC, _EXECUTE) = b"QPBDCSE"
(_ERROR, _READY, _COPY_IN) = b"EZG"
_QUERIES, _COPY_ENDS = frozenset(b"QF"), frozenset(b"cf")
_ANSWERS = frozenset(b"13")  # ParseComplete, CloseComplete


class Kind(IntEnum):
    """What will be answered."""

    PARSE = 0
    PARSE_OURS = 1  # swallowed
    PARSE_TWICE = 2  # the server will object
    CLOSE = 3
    CLOSE_OURS = 4  # swallowed
    SYNC = 5  # ends in ReadyForQuery
    QUERY = 6  # same; Query and FunctionCall


class Statement(NamedTuple):
    """A client's prepared statement: its name on servers (empty: unnamed), and its Parse message from the text on."""

    key: bytes
    body: bytes


class Owed(NamedTuple):
    """One answer to come; what it is about is undone if an error takes its place."""

    kind: Kind
    server_name: bytes = b""
    body: bytes = b""
    client_name: bytes = b""


_SYNCED = Owed(Kind.SYNC)
_QUERIED = Owed(Kind.QUERY)
Statements = dict[bytes, Statement]


def prepare_known(parse: bytes, known: set[bytes], statements: Statements) -> bool:
    """Answer a Parse message without a server, if its text is known to be good; whether that was possible."""
    name, at = cstring(parse, 5)
    statement = _statement(parse[at:])
    if not name or name in statements or statement.key not in known:
        return False
    statements[name] = statement
    return True


def _statement(body: bytes) -> Statement:
    return Statement(b"headroom_" + blake2b(body, digest_size=12).hexdigest().encode(), body)


class Conversation:
    """One server connection's.

    Args:
        known: keys of statements that were parsed without an error, shared by connections of one identity.

    Attributes:
        mixed: a simple query was sent before an extended one was answered: if that fails, the server skips the simple
            one, and nobody can tell from its answers.
    """

    def __init__(self, known: set[bytes]) -> None:
        self.mixed = False
        self._known_keys = known
        self._owed: deque[Owed] = deque()
        self._prepared: OrderedDict[bytes, bytes] = OrderedDict()
        self._generation = 0
        self._unsynced = False
        self._executing = False  # more than prepared, since the last Sync
        self._copying_in = False
        self._status = _IDLE

    @property
    def quiet(self) -> bool:
        """Nothing is owed and no transaction is open: anybody may have the connection."""
        return self._status == _IDLE and not (self._owed or self._unsynced or self._copying_in)

    @property
    def in_transaction(self) -> bool:
        """As the last ReadyForQuery said."""
        return self._status != _IDLE

    @property
    def running(self) -> bool:
        """The server has something to do."""
        return (bool(self._owed) or self._unsynced) and not self._copying_in

    def forget_prepared(self, statements: Statements) -> None:
        """The client throws away all prepared statements. New ones get new names, in case it fails to."""
        self._generation += 1
        self._prepared.clear()
        statements.clear()

    def request(self, data: bytes, statements: Statements, out: list[bytes]) -> None:
        """A client's message goes to the server: what is to be sent is added to `out`.

        Raises:
            MessageError: it is malformed.
        """
        kind = data[0]
        if kind in _QUERIES:
            # asyncpg prepares without a Sync, waits for the answer and sends a query: that is fine.
            self.mixed |= self._executing or bool(self._owed and self._owed[-1].kind < Kind.SYNC)
            self._unsynced = self._executing = False
            self._owed.append(_QUERIED)
            if kind == _QUERY:  # ends the unnamed statement
                statements.pop(b"", None)
                self._prepared.pop(b"", None)
            out.append(data)
        elif kind == _SYNC:
            if not self._copying_in:  # else the server ignores it
                self._owed.append(_SYNCED)
                self._unsynced = self._executing = False
            out.append(data)
        elif kind == _PARSE:
            self._unsynced = True
            self._parse(data, statements, out)
        elif kind == _BIND:
            self._unsynced = self._executing = True
            self._bind(data, statements, out)
        elif kind == _DESCRIBE:
            self._unsynced = True
            self._describe(data, statements, out)
        elif kind == _CLOSE:
            self._unsynced = True
            self._close(data, statements, out)
        else:
            if kind == _EXECUTE:
                self._unsynced = self._executing = True
            elif kind in _COPY_ENDS:
                self._copying_in = False
            out.append(data)

    def response(self, kind: int, status: int, statements: Statements) -> bool:
        """A server's message (`status` is its first byte) comes in; whether it is ours, not the client's."""
        if kind == _READY:
            self._status = status
            self._copying_in = False
            while self._owed and self._owed.popleft().kind < Kind.SYNC:
                pass
        elif kind in _ANSWERS:
            if self._owed and self._owed[0].kind < Kind.SYNC:
                answered = self._owed.popleft()
                if answered.kind is Kind.PARSE and answered.client_name:
                    self._remember(statements.get(answered.client_name))
                return answered.kind in (Kind.PARSE_OURS, Kind.CLOSE_OURS)
        elif kind == _ERROR:
            self._copying_in = False
            self._undo(statements)
        elif kind == _COPY_IN:
            self._copying_in = True
            self._ignore_syncs()
        return False

    def _remember(self, statement: Statement | None) -> None:
        if statement is not None:
            if len(self._known_keys) >= _KNOWN_MAX:
                self._known_keys.clear()
            self._known_keys.add(statement.key)

    def _parse(self, data: bytes, statements: Statements, out: list[bytes]) -> None:
        name, at = cstring(data, 5)
        body = data[at:]
        if not name:
            statements[b""] = Statement(b"", body)
            self._prepared[b""] = body
            self._owed.append(Owed(Kind.PARSE, b"", body, b""))
            out.append(data)
            return
        if (old := statements.get(name)) is not None:
            out.append(message(b"P", self._known(old, out) + b"\0" + body))
            self._owed.append(Owed(Kind.PARSE_TWICE))
            return
        statement = statements[name] = Statement(
            b"headroom_" + blake2b(body, digest_size=12).hexdigest().encode(), body
        )
        known_as = self._name(statement)
        if known_as in self._prepared:  # parsed anew: its answer, or its error, is the client's
            self._close_ours(known_as, out)
        self._parse_as(Kind.PARSE, known_as, body, name, out)

    def _bind(self, data: bytes, statements: Statements, out: list[bytes]) -> None:
        portal, at = cstring(data, 5)
        name, rest = cstring(data, at)
        statement = statements.get(name)
        known_as = self._known(statement, out) if statement else self._unknown(name)
        out.append(data if known_as == name else message(b"B", b"%b\0%b\0%b" % (portal, known_as, data[rest:])))

    def _describe(self, data: bytes, statements: Statements, out: list[bytes]) -> None:
        name, _ = cstring(data, 6)
        if data[5:6] != b"S":
            out.append(data)
            return
        statement = statements.get(name)
        known_as = self._known(statement, out) if statement else self._unknown(name)
        out.append(message(b"D", b"S%b\0" % known_as))

    def _close(self, data: bytes, statements: Statements, out: list[bytes]) -> None:
        name, _ = cstring(data, 6)
        statement = statements.pop(name, None) if data[5:6] == b"S" else None
        if statement is None:
            self._owed.append(Owed(Kind.CLOSE))
            out.append(data)
        elif not name:
            self._prepared.pop(b"", None)
            self._owed.append(Owed(Kind.CLOSE))
            out.append(data)
        else:  # other clients may use it
            self._owed.append(Owed(Kind.CLOSE, statement.key, statement.body, name))
            out.append(message(b"C", b"S%b\0" % _NOBODY))

    def _name(self, statement: Statement) -> bytes:
        return b"%b_%d" % (statement.key, self._generation) if statement.key and self._generation else statement.key

    def _known(self, statement: Statement, out: list[bytes]) -> bytes:
        """The statement's name here, after making sure that it is prepared."""
        name = self._name(statement)
        if self._prepared.get(name) == statement.body:
            self._prepared.move_to_end(name)
        else:
            self._parse_as(Kind.PARSE_OURS, name, statement.body, b"", out)
        return name

    def _unknown(self, name: bytes) -> bytes:
        """What the client never prepared: it may be from SQL's PREPARE; the unnamed one there is somebody else's."""
        return name or _NOBODY

    def _parse_as(self, kind: Kind, name: bytes, body: bytes, client_name: bytes, out: list[bytes]) -> None:
        if len(self._prepared) >= _PREPARED_MAX:
            oldest = next(iter(self._prepared))
            if oldest:
                self._close_ours(oldest, out)
        self._prepared[name] = body
        self._owed.append(Owed(kind, name, body, client_name))
        out.append(message(b"P", b"%b\0%b" % (name, body)))

    def _close_ours(self, name: bytes, out: list[bytes]) -> None:
        self._owed.append(Owed(Kind.CLOSE_OURS, name, self._prepared.pop(name)))
        out.append(message(b"C", b"S%b\0" % name))

    def _undo(self, statements: Statements) -> None:
        """After an error the server skips everything up to the next Sync: it didn't happen."""
        undone = []
        while self._owed and self._owed[0].kind < Kind.SYNC:
            undone.append(self._owed.popleft())
        for kind, name, body, client_name in reversed(undone):
            if kind is Kind.PARSE:
                self._prepared.pop(name, None)
                statements.pop(client_name, None)
            elif kind is Kind.PARSE_OURS:
                self._prepared.pop(name, None)
            elif kind is Kind.CLOSE_OURS:
                self._prepared[name] = body
            elif kind is Kind.CLOSE and client_name:
                statements[client_name] = Statement(name, body)

    def _ignore_syncs(self) -> None:
        """The server waits for COPY data: it ignores a Sync that was sent behind the Execute; another one will come."""
        self._owed = deque(owed for owed in self._owed if owed.kind is not Kind.SYNC)
        self._unsynced |= not any(owed.kind is Kind.QUERY for owed in self._owed)

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headroom.budget.model import Engine
from headroom.ops import sql
from headroom.ops.database import NotThereError
from headroom.ops.sessions import DatabaseSession, Inside, look_inside


def session(pid: int, *blocked_by: int, state: str = "active") -> DatabaseSession:
    return DatabaseSession(
        pid=pid,
        user="checkout",
        client="",
        state=state,
        state_seconds=1,
        waits_for="Lock: row" if blocked_by else "",
        blocked_by=blocked_by,
        query="",
    )


def inside(*sessions: DatabaseSession) -> Inside:
    return Inside(
        max_connections=20, reserved=5, sessions=sessions, lag_ms=None, hidden=0, locks_seen=True, replica=False
    )


def test_who_waits_behind_one_who_waits_waits_for_the_first() -> None:
    assert inside(session(1), session(2, 1), session(3, 2, 1), session(4, 3)).behind() == {1: 3}


def test_a_circle_has_no_first_and_is_left() -> None:
    assert inside(session(1, 2), session(2, 1)).hottest() == (0, 0)


@given(st.lists(st.tuples(st.integers(1, 12), st.lists(st.integers(1, 12), max_size=3)), max_size=12))
def test_any_waiting_is_followed_to_its_end(waits: list[tuple[int, list[int]]]) -> None:
    found = inside(*(session(pid, *blockers) for pid, blockers in dict(waits).items()))
    waiting = {s.pid for s in found.sessions if s.blocked_by}
    assert all(root not in waiting for root in found.behind())
    assert all(0 < count <= len(waiting) for count in found.behind().values())


class Mysql:
    """What MySQL would answer."""

    def __init__(self, *, performance_schema: bool = True, aurora: bool = True) -> None:
        self.answers: dict[str, list[tuple[Any, ...]]] = {
            sql.MYSQL_LIMITS: [(1000, 0)],
            sql.MYSQL_SESSIONS: [
                (7, "checkout", "10.0.0.1:4711", "idle in transaction", 90, None),
                (8, "catalogue", "10.0.0.2:4711", "active", 3, "UPDATE stock  SET pieces = 1"),
                (9, "catalogue", "10.0.0.2:4712", "idle", 30, None),
            ],
        }
        if performance_schema:
            self.answers[sql.MYSQL_LOCKS] = [(8, 7)]
        if aurora:
            self.answers[sql.AURORA_MYSQL_LAG] = [(12.5,)]

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        if statement not in self.answers:
            raise NotThereError("no such table")
        return self.answers[statement]


def test_mysqls_answers_become_sessions() -> None:
    found = look_inside(Mysql(), Engine.MYSQL)
    assert (found.max_connections, found.usable, found.lag_ms, found.replica) == (1000, 1000, 12.5, False)
    assert [(s.pid, s.idle_in_transaction, s.blocked_by, s.query) for s in found.sessions] == [
        (7, True, (), ""),
        (8, False, (7,), "UPDATE stock SET pieces = 1"),
        (9, False, (), ""),
    ]
    assert found.hottest() == (7, 1)
    assert found.holders() == [("catalogue", 2), ("checkout", 1)]


def test_what_this_mysql_does_not_have_is_left_out() -> None:
    found = look_inside(Mysql(performance_schema=False, aurora=False), Engine.MYSQL)
    assert (found.locks_seen, found.lag_ms) == (False, None)

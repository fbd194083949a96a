"""Which statements pin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.drill.pooler.pinning import pin_reason


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SET search_path = x", "SET"),
        ("  set session statement_timeout to 5", "SET"),
        ("/* a /* nested */ comment */ SET x = 1", "SET"),
        ("-- don't\nSET x = 1", "SET"),
        ("SELECT 1; SET x = 1", "SET"),
        ("SET ROLE a", "SET"),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET"),
        ("SELECT set_config('a', 'b', false)", "SET"),
        ("SELECT pg_catalog.set_config ( 'a,b', f(1, 2), $1 )", "SET"),
        ('SELECT "set_config"(1, 2, false)', "SET"),
        ("SELECT set_config('a', 'b', true), set_config('a', 'b', false)", "SET"),
        ("SELECT set_config('a', set_config('b', 'c', true), true)", "SET"),  # in doubt
        ("\n\n  \n SET x = 1", "SET"),
        ("SELECT 1;\n \n\tSET x = 1", "SET"),
        ("PREPARE p AS SELECT 1", "PREPARE or EXECUTE"),
        ("EXECUTE p(1)", "PREPARE or EXECUTE"),
        ("DEALLOCATE ALL", "DEALLOCATE or DISCARD"),
        ("SET x = 1; DISCARD ALL", "DEALLOCATE or DISCARD"),
        ("CREATE TEMP TABLE t (n int)", "temporary object"),
        ("create global temporary view v as select 1", "temporary object"),
        ("SELECT 1 AS n INTO TEMP t", "temporary object"),
        ("CREATE TABLE pg_temp.t (n int)", "temporary object"),
        ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", "cursor"),
        ("LISTEN x", "LISTEN"),
        ("LOAD 'auto_explain'", "LOAD"),
        ("SELECT nextval('s')", "sequence"),
        ("INSERT INTO t SELECT SETVAL ('s', 1)", "sequence"),
        ("SELECT pg_advisory_lock(1)", "advisory lock"),
        ("SELECT pg_try_advisory_lock_shared(1, 2)", "advisory lock"),
        ("DO $$ BEGIN PERFORM set_config('a', 'b', false); END $$", None),
        ("SELECT '" + "x" * 16 * 1024 + "'", "text above 16 KB"),
        ("SELECT 1", None),
        ("SET LOCAL x = 1", None),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", None),
        ("SET CONSTRAINTS ALL DEFERRED", None),
        ("SELECT set_config('a', 'b', true)", None),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", None),
        ("PREPARE TRANSACTION 'a'", None),
        ("UPDATE t\nSET n = 1", None),
        ("SELECT 'SET x', \"LISTEN\", $$; SET x$$, $a$; LISTEN $$ x $a$, E'\\'; SET x = 1'", None),
        ("SELECT 'a;\nSET x = 1'", None),
        ("SELECT pg_advisory_xact_lock(1)", None),
        ("SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; RESET ALL;", None),
        ("SELECT settings, template, temperature FROM listening", None),
        ("CREATE TABLE t (n int)", None),
    ],
)
def test_state_that_outlives_its_transaction_pins(sql: str, reason: str | None) -> None:
    if sql.startswith("DO "):
        reason = "DO"  # its body is not understood, so anything suspicious in it pins
    assert pin_reason(sql.encode()) == reason


@given(st.binary(max_size=100), st.sampled_from([b"'", b"$$", b"/*", b"--", b"set_config(", b"E'\\", b";"]))
def test_any_bytes_are_looked_at_without_an_error(noise: bytes, mark: bytes) -> None:
    pin_reason(mark + noise + mark + b"SET " + noise)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\\\0"), max_size=50))
def test_what_a_string_says_doesnt_pin(text: str) -> None:
    assert pin_reason(f"SELECT ';\nSET {text.replace(chr(39), chr(39) * 2)}'".encode()) is None
    assert pin_reason(f"SELECT 1; SET x = '{text.replace(chr(39), chr(39) * 2)}'".encode()) == "SET"


_WORDS = st.lists(st.sampled_from(["create", "into", "temp", "pg_temp.x", "temporary", "templates", "t", "(", "'a'"]))


@given(_WORDS)
def test_a_temporary_object_is_seen_behind_any_create_or_into(words: list[str]) -> None:
    makers = [i for i, word in enumerate(words) if word in ("create", "into")]
    temporary = [i for i, word in enumerate(words) if word in ("temp", "pg_temp.x", "temporary")]
    expected = bool(makers and temporary and makers[0] < temporary[-1])
    assert (pin_reason(("SELECT " + " ".join(words)).encode()) == "temporary object") is expected

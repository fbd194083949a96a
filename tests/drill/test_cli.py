from pathlib import Path

import pytest
from typer.testing import CliRunner

from headroom.cli import app
from headroom.drill import cli, needs
from headroom.errors import UserError

WORKED = str(Path(__file__).parents[2] / "docs/examples/worked.yaml")


def test_the_scenarios_are_listed_with_their_titles() -> None:
    done = CliRunner().invoke(app, ["drill", "--list"])
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "flash-sale       The incident: a flash sale on an autoscaling fleet"
    assert len(done.stdout.splitlines()) == 11


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json", "--markdown"], "--json and --markdown: one answer at a time"),
        (["--pooler", "pgcat"], "--pooler: must be pgbouncer or reference, got 'pgcat'"),
        (["--proxy-dsn", "x"], "--proxy-dsn: needs --target-dsn, the same database without its proxy"),
        (["--report", "/nowhere/r.html"], "--report /nowhere/r.html: no folder /nowhere"),
        (["--report", "/"], "--report /: is a folder: name a file"),
        (
            ["--target-dsn", "postgresql://a@b/c", "--pooler", "reference"],
            "--pooler: a real target has its own proxy: leave it out, or name it with --proxy-dsn",
        ),
        (
            ["--stack", WORKED, "--target-dsn", "postgresql://a@prod.b/c"],
            "--target-dsn: the host 'prod.b' looks like production: the drill never runs against production",
        ),
    ],
)
def test_mistakes_are_refused_before_anything_starts(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["drill", *arguments])
    assert isinstance(done.exception, UserError)
    assert str(done.exception) == message


@pytest.mark.parametrize("password", ["p4ss", "p@ss", "p/ss", "p:ss", "p%40ss"])
def test_the_command_in_the_report_has_no_password(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    dsn = f"postgresql://app:{password}@host/db"
    monkeypatch.setattr("sys.argv", ["headroom", "drill", "--target-dsn", dsn, f"--proxy-dsn={dsn}"])
    assert cli._command() == (
        "headroom drill --target-dsn postgresql://app:***@host/db --proxy-dsn=postgresql://app:***@host/db"
    )


def test_a_password_that_the_shell_must_quote_is_not_in_it_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["headroom", "drill", "--target-dsn", "postgresql://app:p 's@host/db"])
    assert cli._command() == "headroom drill --target-dsn 'postgresql://app:***@host/db'"


def test_a_dsn_in_the_scenarios_place_is_not_repeated_with_its_password() -> None:
    done = CliRunner().invoke(app, ["drill", "postgresql://app:p4ss@host/db"])
    assert isinstance(done.exception, UserError)
    assert str(done.exception).startswith("postgresql://app:***@host/db: no such scenario")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "_MODULES", ("asyncpg", "no_such_module"))
    with pytest.raises(UserError) as caught:
        needs.check_extra()
    assert str(caught.value) == "the drill needs no_such_module: run `make setup` in the checkout"

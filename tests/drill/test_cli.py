import errno
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headroom.cli import app
from headroom.drill import cli, needs, report
from headroom.drill import scenario as scenarios
from headroom.drill.limits import scaled
from headroom.drill.results import DrillResult
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
        (["--report", "x" * 300], f"--report {'x' * 300}: can't be written: File name too long"),
        (
            ["--json", "--markdown", "--report", "/"],
            "--json and --markdown: one answer at a time\n--report /: is a folder: name a file",
        ),
        (
            ["--target-dsn", "postgresql://a@b/c", "--pooler", "reference"],
            "--pooler: a real target has its own proxy: leave it out, or name it with --proxy-dsn",
        ),
        (
            ["--stack", WORKED, "--target-dsn", ""],  # a shell's variable that isn't set
            "--target-dsn: needs user, host and database: write postgresql://user@host:port/database",
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


def test_a_report_that_cannot_be_written_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "open", read_only)
    done = CliRunner().invoke(app, ["drill", "--report", str(tmp_path / "r.html")])
    assert str(done.exception) == f"--report {tmp_path / 'r.html'}: can't be written: Read-only file system"


def test_asking_whether_a_report_can_be_written_leaves_no_trace(tmp_path: Path) -> None:
    there = tmp_path / "there.html"
    there.write_text("the last report")
    assert (cli._unwritable(there), cli._unwritable(tmp_path / "new.html")) == ("", "")
    assert [f.name for f in tmp_path.iterdir()] == ["there.html"]
    assert there.read_text() == "the last report"


def test_a_disk_that_is_full_at_the_end_costs_the_page_and_not_the_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_result: DrillResult, path: Path) -> None:
        raise UserError(f"{path}: the report can't be written: No space left on device")

    monkeypatch.setattr(report, "write", full)
    result = DrillResult(
        scenario=scenarios.load("flash-sale"),
        limits=scaled(WORKED, cores=2),
        seed=1,
        versions={},
        command="",
        sides=[],
    )
    assert not cli._answer(result, Path("r.html"), as_json=False, as_markdown=False)
    said = capsys.readouterr()
    assert said.err == "error: r.html: the report can't be written: No space left on device\n"
    assert said.out == "flash-sale: . NOT as expected.\n"


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

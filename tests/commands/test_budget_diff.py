"""`headroom budget diff`: stacks, files and git revisions, in absolute slots."""

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.commands.conftest import ROOT, WORKED, Headroom, Ran, commit, edit, git

DIRECT_CHECKOUT = (
    "{endpoint: writer, path: proxy, connections_max: 5, transactions_percent: 40}",
    "{endpoint: writer, path: direct, connections_max: 3, transactions_percent: 40}",
)


@pytest.fixture
def changed(repository: Path) -> Path:
    """A second commit: checkout's writes leave the proxy."""
    edit(repository / "Pulumi.prod.yaml", *DIRECT_CHECKOUT)
    commit(repository, "checkout connects by itself")
    return repository


def test_two_revisions_differ_in_absolute_slots(changed: Path, headroom: Headroom) -> None:
    ran = headroom("budget", "diff", "HEAD~1", "main")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == CHANGED


def test_a_revision_beside_a_stack_is_asked_for_that_stack(changed: Path, headroom: Headroom) -> None:
    assert headroom("budget", "diff", "HEAD~1", "prod").out == CHANGED
    assert headroom("budget", "diff", "HEAD~1", "Pulumi.prod.yaml").out == CHANGED
    assert headroom("budget", "diff", "HEAD~1:Pulumi.prod.yaml", "prod").out == CHANGED
    assert headroom("budget", "diff", "HEAD~1:Pulumi.prod.yaml", "HEAD").out == CHANGED


def test_what_is_not_committed_yet_counts_as_it_is_in_the_folder(repository: Path, headroom: Headroom) -> None:
    edit(repository / "Pulumi.prod.yaml", *DIRECT_CHECKOUT)

    assert headroom("budget", "diff", "HEAD", "prod").out == CHANGED
    assert headroom("budget", "diff", "prod", "HEAD").out.startswith(
        "prod: fits, 8 % headroom -> fits, 26 % headroom\nprod writer: direct pools 81 -> 0 (-81)\n"
    )


def test_no_change_is_said(repository: Path, headroom: Headroom) -> None:
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "nothing")

    assert headroom("budget", "diff", "HEAD~1", "HEAD") == Ran(0, "prod: no change: fits, 26 % headroom\n", "")


def test_two_stacks_are_compared_under_both_names(project: Path, headroom: Headroom) -> None:
    higher = WORKED.read_text().replace("max_connections: 150", "max_connections: 200")
    (project / "Pulumi.staging.yaml").write_text(higher)

    assert headroom("budget", "diff", "prod", "staging").out == OTHER_CEILING


def test_stacks_that_come_and_go_are_said_and_one_can_be_chosen(repository: Path, headroom: Headroom) -> None:
    git(repository, "mv", "Pulumi.prod.yaml", "Pulumi.live.yaml")
    commit(repository, "another name")

    assert headroom("budget", "diff", "HEAD~1", "HEAD") == Ran(
        0, "live: new: fits, 26 % headroom\nprod: gone; it was: fits, 26 % headroom\n", ""
    )
    assert headroom("budget", "diff", "HEAD~1", "HEAD", "--stack", "live").out == "live: new: fits, 26 % headroom\n"
    assert headroom("budget", "diff", "HEAD~1", "live").out == "live: new: fits, 26 % headroom\n"
    assert headroom("budget", "diff", "HEAD~1", "HEAD", "--stack", "dev") == Ran(
        2, "", "error: --stack dev: neither revision has it: the stacks there are live, prod\n"
    )


def test_the_exit_code_is_1_when_b_does_not_fit(repository: Path, headroom: Headroom) -> None:
    edit(repository / "Pulumi.prod.yaml", "max_connections: 150", "max_connections: 60")

    ran = headroom("budget", "diff", "HEAD", "prod")

    assert ran.code == 1
    assert ran.out.splitlines()[0] == "prod: fits, 26 % headroom -> doesn't fit, -84 % headroom"
    assert ran.out.splitlines()[-1].startswith("prod doesn't fit: ")
    assert headroom("budget", "diff", "prod", "HEAD").code == 0


def test_a_project_in_a_folder_of_its_repository_is_compared_there(
    changed: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = changed / "infrastructure"
    inner.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml"):
        git(changed, "mv", name, f"infrastructure/{name}")
    commit(changed, "moved")
    edit(inner / "Pulumi.prod.yaml", "connections_max: 3", "connections_max: 2")
    commit(changed, "smaller")
    monkeypatch.chdir(inner)

    assert "prod writer: direct pools 81 -> 54 (-27)" in headroom("budget", "diff", "HEAD~1", "HEAD").out
    assert "prod writer: direct pools 81 -> 54 (-27)" in headroom("budget", "diff", "HEAD~1", "prod").out


def test_the_json_is_valid_by_the_published_schema(changed: Path, headroom: Headroom) -> None:
    schema = json.loads((ROOT / "docs" / "budget-diff.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)

    ran = headroom("budget", "diff", "HEAD~1", "HEAD", "--json")

    answer = json.loads(ran.out)
    jsonschema.validate(answer, schema, cls=jsonschema.Draft202012Validator)
    assert ran.code == 0
    (stack,) = answer["stacks"]
    assert (stack["before"]["source"], stack["after"]["source"]) == ("HEAD~1:Pulumi.prod.yaml", "HEAD:Pulumi.prod.yaml")
    assert {"role": "writer", "figure": "direct pools", "before": 0, "after": 81, "delta": 81} in stack["changes"]


def test_what_is_neither_stack_nor_revision_is_one_clear_line_each(repository: Path, headroom: Headroom) -> None:
    assert headroom("budget", "diff", "mian", "HEAD~99:Pulumi.prod.yaml") == Ran(
        2,
        "",
        "error: mian: neither a stack, nor a stack file, nor a git revision; the stacks here are prod\n"
        "HEAD~99:Pulumi.prod.yaml: 'HEAD~99' is no git revision: write it as in main:Pulumi.prod.yaml\n"
        "2 errors\n",
    )


def test_a_file_that_the_revision_does_not_have_is_said(repository: Path, headroom: Headroom) -> None:
    assert headroom("budget", "diff", "main:Pulumi.dev.yaml", "prod") == Ran(
        2, "", "error: main:Pulumi.dev.yaml: no such file in that revision\n1 error\n"
    )


def test_the_errors_of_both_sides_come_at_once_each_with_its_revision(repository: Path, headroom: Headroom) -> None:
    edit(repository / "Pulumi.prod.yaml", "readers: 2", "readers: -1")
    commit(repository, "wrong")
    edit(repository / "Pulumi.prod.yaml", "readers: -1", "readers: 99")

    ran = headroom("budget", "diff", "HEAD", "prod")

    assert (ran.code, ran.out) == (2, "")
    before, after, count = ran.err.splitlines()
    assert before.startswith("error: HEAD:Pulumi.prod.yaml: headroom:database.readers: must be at least 0, got -1: ")
    assert after.startswith("Pulumi.prod.yaml: headroom:database.readers: must be at most 15, got 99: ")
    assert count == "2 errors"


def test_a_stack_cannot_be_chosen_where_one_is_named_already(repository: Path, headroom: Headroom) -> None:
    assert headroom("budget", "diff", "HEAD", "prod", "--stack", "prod") == Ran(
        2, "", "error: --stack chooses among the stacks of two revisions: here A or B is a stack already\n"
    )


def test_outside_a_repository_a_revision_is_unknown(project: Path, headroom: Headroom) -> None:
    assert headroom("budget", "diff", "HEAD", "prod") == Ran(
        2,
        "",
        "error: HEAD: neither a stack, nor a stack file, nor a git revision; the stacks here are prod\n1 error\n",
    )


def test_a_side_that_is_nothing_does_not_hide_what_is_wrong_with_the_other(
    repository: Path, headroom: Headroom
) -> None:
    edit(repository / "Pulumi.prod.yaml", "readers: 2", "readers: two")

    assert headroom("budget", "diff", "nope", "prod") == Ran(
        2,
        "",
        "error: nope: neither a stack, nor a stack file, nor a git revision; the stacks here are prod\n"
        "Pulumi.prod.yaml: headroom:database.readers: must be a whole number, got 'two': declared readers; Aurora "
        "takes up to 15, autoscaled ones included\n2 errors\n",
    )


def test_from_a_project_in_a_folder_of_the_repository_paths_are_told_apart(
    repository: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "infra").mkdir()
    git(repository, "mv", "Pulumi.yaml", "Pulumi.prod.yaml", "infra")
    commit(repository, "into a folder")
    monkeypatch.chdir(repository / "infra")

    no_change = Ran(0, "prod: no change: fits, 26 % headroom\n", "")
    assert headroom("budget", "diff", "HEAD", "prod") == no_change
    assert headroom("budget", "diff", "HEAD", "HEAD") == no_change
    assert headroom("budget", "diff", "HEAD:infra/Pulumi.prod.yaml", "prod") == no_change
    assert headroom("budget", "diff", "HEAD:./Pulumi.prod.yaml", "prod") == no_change
    assert headroom("budget", "diff", "HEAD~1:Pulumi.prod.yaml", "prod") == no_change
    assert headroom("budget", "diff", "HEAD:Pulumi.prod.yaml", "prod") == Ran(
        2,
        "",
        "error: HEAD:Pulumi.prod.yaml: no such file in that revision: paths there start at the repository's root; from "
        "this folder on, write HEAD:./Pulumi.prod.yaml\n1 error\n",
    )


def test_a_folder_is_no_file_and_no_path_is_advised_twice(repository: Path, headroom: Headroom) -> None:
    (repository / "docs").mkdir()
    (repository / "docs" / "note").touch()
    commit(repository, "a folder")
    for name in ("docs", "./docs"):
        assert headroom("budget", "diff", f"HEAD:{name}", "prod").err == (
            "error: HEAD:docs: no such file in that revision\n1 error\n"
        )


def test_a_revision_and_nothing_after_its_colon_names_no_file(repository: Path, headroom: Headroom) -> None:
    assert headroom("budget", "diff", "HEAD:", "prod").err == (
        "error: HEAD:: names no file: write it as in HEAD:Pulumi.prod.yaml\n1 error\n"
    )


def test_a_revision_may_have_a_colon_and_a_branch_a_slash(repository: Path, headroom: Headroom) -> None:
    git(repository, "branch", "feature/larger")
    for revision in ("HEAD@{2040-01-01 00:00:00}", "feature/larger", "feature/larger:Pulumi.prod.yaml"):
        assert headroom("budget", "diff", revision, "prod") == Ran(0, "prod: no change: fits, 26 % headroom\n", "")


def test_a_change_of_engine_events_and_services_at_once_is_compared(repository: Path, headroom: Headroom) -> None:
    file = repository / "Pulumi.prod.yaml"
    edit(file, 'engine_version: "16.15"', "engine_version: 8.0.mysql_aurora.3.08.0")
    edit(file, "aurora-postgresql", "aurora-mysql")
    edit(file, "name: black-friday", "name: cyber-monday")
    edit(file, "name: checkout", "name: basket")
    edit(file, "traffic_factor: 6", "traffic_factor: 3")

    ran = headroom("budget", "diff", "HEAD", "prod")

    assert (ran.code, ran.err) == (0, "")
    assert "prod writer: usable 137 -> 142 (+5)\n" in ran.out
    assert "prod writer: busy 8 -> 4 (-4)\n" in ran.out


def test_without_git_it_says_what_git_is_for(
    repository: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    assert headroom("budget", "diff", "HEAD", "prod") == Ran(
        2, "", "error: git is not on PATH: it is needed to read another revision\n"
    )


def test_nothing_that_looks_like_an_option_reaches_git_as_one(repository: Path, headroom: Headroom) -> None:
    ran = headroom("budget", "diff", "--", "--output=pwned", "prod")

    assert ran.code == 2
    assert ran.err.startswith("error: --output=pwned: neither a stack, nor a stack file, nor a git revision; ")
    assert not (repository / "pwned").exists()


def test_the_work_tree_and_the_repository_stay_as_they_are(changed: Path, headroom: Headroom) -> None:
    (changed / "Pulumi.prod.yaml").write_text("work in progress")

    before = _everything(changed)
    assert headroom("budget", "diff", "HEAD~1", "HEAD").code == 0
    assert _everything(changed) == before


def _everything(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


CHANGED = """\
prod: fits, 26 % headroom -> fits, 8 % headroom
prod writer: direct pools 0 -> 81 (+81)
prod writer: proxied demand 29 -> 0 (-29)
prod writer: free slots 92 -> 11 (-81)
prod writer: warning 24 -> 93 (+69)
prod writer: critical 35 -> 108 (+73)
"""
OTHER_CEILING = """\
prod -> staging: fits, 26 % headroom -> fits, 35 % headroom
prod -> staging writer: ceiling 150 -> 200 (+50)
prod -> staging writer: usable 137 -> 187 (+50)
prod -> staging writer: proxy pool 45 -> 60 (+15)
prod -> staging writer: free slots 92 -> 127 (+35)
prod -> staging writer: warning 24 -> 29 (+5)
prod -> staging writer: critical 35 -> 45 (+10)
prod -> staging reader: ceiling 150 -> 200 (+50)
prod -> staging reader: usable 137 -> 187 (+50)
prod -> staging reader: proxy pool 45 -> 60 (+15)
prod -> staging reader: free slots 77 -> 112 (+35)
prod -> staging reader: warning 37 -> 42 (+5)
prod -> staging reader: critical 47 -> 57 (+10)
"""

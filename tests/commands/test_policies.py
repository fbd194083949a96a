import json
import os
from pathlib import Path
from typing import Any

import pytest

from policies.deployed import config_of
from policies.pack import all_rules
from policies.reading import types as t
from tests.commands.conftest import Headroom
from tests.policies.declared import Declared, shop
from tests.policies.deployed_state import deployed

FINDING = (
    "the storage of the cluster shop is not encrypted; storageEncrypted has to be true; set storageEncrypted, best "
    "with a KMS key of your own (this replaces the cluster: restore it from an encrypted snapshot)"
)

NO_RESOURCE = "has no urn and type: it isn't a resource of a stack"
OTHER_ENGINE = json.dumps(
    {"deployment": {"resources": [{"urn": "urn:x", "type": t.CLUSTER, "inputs": {"engine": "postgres"}}]}}
)
NOTHING = "has no Aurora cluster and no RDS Proxy of its own: there is nothing to judge"


@pytest.fixture
def state(tmp_path: Path) -> Any:
    """Writes a deployed stack to a file."""

    def write(declared: Declared, name: str = "state.json") -> str:
        path = tmp_path / name
        path.write_text(json.dumps(deployed(declared)))
        return str(path)

    return write


def test_list_has_a_line_for_each_rule(headroom: Headroom) -> None:
    ran = headroom("policies", "list")
    head, *lines = ran.out.splitlines()
    assert head.split() == ["rule", "prod", "staging", "dev", "what", "must", "hold"]
    assert [line.split()[:4] for line in lines] == [
        [rule.id, rule.prod.value, rule.staging.value, rule.dev.value] for rule in all_rules()
    ]
    assert (ran.code, ran.err) == (0, "")


def test_list_as_json_says_everything(headroom: Headroom) -> None:
    listed = json.loads(headroom("policies", "list", "--json").out)
    assert [rule["id"] for rule in listed] == [rule.id for rule in all_rules()]
    percent = next(rule for rule in listed if rule["id"] == "conn-pool-percent-max")
    assert percent["levels"] == {"prod": "mandatory", "staging": "mandatory", "dev": "advisory"}
    assert percent["unknown_refused_in"] == ["prod"]
    assert percent["settings"][0]["default"] == {"prod": 90, "staging": 90, "dev": 90}
    assert percent["sources"]


def test_show_prints_the_rules_page(headroom: Headroom) -> None:
    ran = headroom("policies", "show", "conn-demand-fits")
    assert ran.code == 0
    assert ran.out.startswith("# conn-demand-fits\n\n")
    assert "```python\n" in ran.out


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("conn-demand-fit", "did you mean conn-demand-fits, "),
        ("sec-encryption", "did you mean sec-encrypted-private"),
        ("xyz", "`headroom policies list` shows all"),
    ],
)
def test_a_wrong_id_is_met_with_the_nearest_ones(headroom: Headroom, wrong: str, hint: str) -> None:
    ran = headroom("policies", "show", wrong)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {wrong}: there is no such rule: {hint}")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.clock
def test_a_deployed_stack_that_is_safe_passes(headroom: Headroom, state: Any) -> None:
    path = state(shop())
    ran = headroom("policies", "check", "--file", path)
    rules, resources = len(all_rules()), len(shop().resources()) - 1  # the parent isn't read
    assert ran.out == (
        f"{path} passes as prod: 0 mandatory, 0 advisory, 0 exempt ({rules} rules, {resources} resources)\n"
    )
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.clock
def test_one_that_is_not_is_refused_with_a_table(headroom: Headroom, state: Any) -> None:
    path = state(shop().change("shop", storage_encrypted=False))
    ran = headroom("policies", "check", "--file", path)
    table, verdict = ran.out.split("\n\n")
    assert table.splitlines()[0].split() == ["level", "rule", "resource", "what"]
    assert table.splitlines()[1].split(maxsplit=3) == ["mandatory", "sec-encrypted-private", "shop", FINDING]
    assert verdict.startswith(f"{path} refused as prod: 1 mandatory, 0 advisory, 0 exempt (")
    assert ran.code == 1


@pytest.mark.clock
def test_the_environment_is_the_stacks_own_unless_another_is_named(headroom: Headroom, state: Any) -> None:
    slow = shop().change("pool", connection_pool_config={"max_connections_percent": 30, "connection_borrow_timeout": 5})
    check = ("policies", "check", "--file", state(slow.change("budget", environment="staging")))
    assert " passes as staging: 0 mandatory, " in headroom(*check).out
    assert " refused as prod: " in headroom(*check, "--environment", "prod").out
    assert " passes as dev: 0 mandatory, " in headroom(*check, "--environment", "dev").out


@pytest.fixture
def config(tmp_path: Path) -> Any:
    """Writes a project's own config."""

    def write(content: object) -> str:
        path = tmp_path / "own.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


@pytest.mark.clock
def test_a_project_has_a_config_of_its_own(headroom: Headroom, state: Any, config: Any) -> None:
    open_ = state(shop().change("shop", storage_encrypted=False))
    exemption = {
        "rule": "sec-encrypted-private",
        "urn": "*::shop",
        "reason": "restored on Monday",
        "owner": "payments",
        "expires": "2999-12-31",
    }
    own = config({"hyg-exemption-valid": {"exemptions": [exemption]}})
    ran = headroom("policies", "check", "--file", open_, "--config", own)
    assert ran.code == 0
    assert f" passes as {own}: 0 mandatory, 0 advisory, 1 exempt (" in ran.out
    as_json = json.loads(headroom("policies", "check", "--file", open_, "--config", own, "--json").out)
    assert as_json["environment"] == own
    assert headroom("policies", "check", "--file", open_, "--config", config({})).code == 1  # as strict as prod


@pytest.mark.clock
def test_a_config_that_is_wrong_is_refused_with_all_its_errors(headroom: Headroom, state: Any, config: Any) -> None:
    own = config({"scal-bound": "advisory", "scal-bounds": "loud"})
    assert headroom("policies", "check", "--file", state(shop()), "--config", own) == (
        2,
        "",
        f"error: {own}: scal-bound: there is no such rule: did you mean scal-bounds?\n"
        f"{own}: scal-bounds.enforcementLevel: must be one of mandatory, advisory, disabled, got 'loud'\n",
    )


def test_levels_come_from_one_place(headroom: Headroom, state: Any, config: Any) -> None:
    ran = headroom("policies", "check", "--file", state(shop()), "--config", config({}), "--environment", "dev")
    assert ran == (2, "", "error: name whose levels and numbers count: --environment or --config, one of them\n")


@pytest.mark.clock
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_shipped_configs_are_valid(headroom: Headroom, environment: str) -> None:
    path = str(config_of(environment))
    ran = headroom("policies", "validate", path)
    assert ran.out.startswith(f"{path} is valid: ")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.clock
def test_a_valid_config_is_summed_up(headroom: Headroom, config: Any) -> None:
    path = config({"all": "advisory", "scal-bounds": "mandatory", "scal-cooldown": "disabled"})
    assert headroom("policies", "validate", path) == (
        0,
        f"{path} is valid: 1 mandatory, {len(all_rules()) - 2} advisory, 1 disabled; 0 exemptions\n",
        "",
    )


@pytest.mark.clock
@pytest.mark.parametrize(
    ("content", "errors"),
    [
        ("{", ["isn't JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"]),
        ("[]", ["must be an object of rule ids, got list"]),
        (
            {"scal-bound": "advisory", "scal-cooldown": {"scale_out_seconds_most": 9000}},
            [
                "scal-bound: there is no such rule: did you mean scal-bounds?",
                "scal-cooldown.scale_out_seconds_most: must be a whole number from 0 to 3,600 (seconds), got 9000",
            ],
        ),
        (
            {
                "hyg-exemption-valid": {
                    "exemptions": [{"rule": "scal-bounds", "urn": "*", "owner": "x", "expires": "y"}]
                }
            },
            ["the exemption of * from scal-bounds has no reason: give it reason"],
        ),
        (
            {
                "hyg-exemption-valid": {
                    "exemptions": [
                        {"rule": "scal-bounds", "urn": "*", "reason": "z", "owner": "x", "expires": "2026-01-01"}
                    ]
                }
            },
            [
                "the exemption of * from scal-bounds expired on 2026-01-01: repair what it exempts, or renew it with a "
                "new reason"
            ],
        ),
    ],
)
def test_a_config_that_is_not_valid_is_a_line_for_each_error(
    headroom: Headroom, config: Any, content: object, errors: list[str]
) -> None:
    path = config(content)
    lines = "\n".join(f"{path}: {error}" for error in errors)
    assert headroom("policies", "validate", path) == (2, "", f"error: {lines}\n")


def test_a_config_that_is_not_there_is_one_clear_line(headroom: Headroom, tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    assert headroom("policies", "validate", str(path)) == (
        2,
        "",
        f"error: {path}: can't be read: No such file or directory\n",
    )


@pytest.mark.clock
def test_as_json(headroom: Headroom, state: Any) -> None:
    declared = shop().change("shop", storage_encrypted=False)
    ran = headroom("policies", "check", "--file", state(declared), "--json")
    answer = json.loads(ran.out)
    assert (ran.code, answer["passes"], answer["environment"]) == (1, False, "prod")
    assert answer["findings"] == [
        {
            "rule": "sec-encrypted-private",
            "level": "mandatory",
            "why": "violation",
            "urn": declared.urn("shop"),
            "message": f"[sec-encrypted-private] {FINDING}",
        }
    ]


@pytest.mark.clock
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "isn't JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "has no deployment: it must be what `pulumi stack export` writes"),
        ("", "isn't JSON: Expecting value: line 1 column 1 (char 0)"),
        ('{"version": 4, "resources": []}', "has no deployment: it must be what `pulumi stack export` writes"),
        ('{"deployment": {"resources": [{}]}}', f"deployment.resources[0] {NO_RESOURCE}"),
        ("[" * 100_000, "is nested too deeply for a state"),
        ('{"version": 3, "deployment": {}}', NOTHING),
        ('{"deployment": {"resources": [{"urn": "urn:x", "type": "aws:s3/bucket:Bucket"}]}}', NOTHING),
        (f'{{"deployment": {{"resources": [{{"urn": "urn:x", "type": "{t.CLUSTER}", "external": true}}]}}}}', NOTHING),
        (OTHER_ENGINE, NOTHING),
    ],
)
def test_a_file_that_is_no_state_is_one_clear_line(
    headroom: Headroom, tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)
    assert headroom("policies", "check", "--file", str(path)) == (2, "", f"error: {path}: {message}\n")


def test_a_file_that_is_not_there_is_one_clear_line(headroom: Headroom, tmp_path: Path) -> None:
    path = tmp_path / "missing.json"
    assert headroom("policies", "check", "--file", str(path)) == (
        2,
        "",
        f"error: {path}: can't be read: No such file or directory\n",
    )


@pytest.mark.clock
def test_each_thing_that_is_wrong_with_a_state_is_a_line(headroom: Headroom, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"deployment": {"resources": [{}, {"urn": "urn:x", "type": "y", "inputs": 5}]}}')
    assert headroom("policies", "check", "--file", str(path)) == (
        2,
        "",
        f"error: {path}: deployment.resources[0] {NO_RESOURCE}\n{path}: deployment.resources[1].inputs must be an "
        "object\n",
    )


def test_what_the_engine_exports_and_nobody_can_read_is_one_clear_line(
    headroom: Headroom, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(project, "echo Please log in", monkeypatch)
    assert headroom("policies", "check", "--stack", "prod") == (
        2,
        "",
        "error: stack prod: what pulumi exports isn't JSON: Expecting value: line 1 column 1 (char 0)\n",
    )


@pytest.mark.parametrize("arguments", [[], ["--stack", "prod", "--file", "state.json"]])
def test_one_thing_is_checked_at_a_time(headroom: Headroom, arguments: list[str]) -> None:
    assert headroom("policies", "check", *arguments) == (
        2,
        "",
        "error: name what to check: a stack (--stack NAME) or a file (--file PATH), one of them\n",
    )


@pytest.mark.clock
def test_an_environment_that_there_is_not_is_met_with_the_nearest(headroom: Headroom, state: Any) -> None:
    ran = headroom("policies", "check", "--file", state(shop()), "--environment", "pord")
    assert ran == (2, "", "error: pord: there is no such environment: did you mean prod?\n")


def test_without_the_engine_it_says_what_to_do(
    headroom: Headroom, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(project))
    assert headroom("policies", "check", "--stack", "prod") == (
        2,
        "",
        "error: stack prod: the command pulumi isn't on PATH: install it, or give --file with what "
        "`pulumi stack export` wrote elsewhere\n",
    )


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `pulumi` of the test's own, first on PATH."""
    (folder / "pulumi").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.clock
def test_a_stack_is_exported_by_the_engine_with_its_secrets_encrypted(
    headroom: Headroom, state: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = state(shop())
    stand_in(project, f'echo "$@" > {project}/asked; cat {path}', monkeypatch)
    assert headroom("policies", "check", "--stack", "shop/prod").out.startswith("shop/prod passes as prod: ")
    assert (project / "asked").read_text() == "stack export --stack shop/prod --non-interactive\n"


def test_what_the_engine_refuses_is_said_in_its_words(
    headroom: Headroom, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(project, 'echo "error: no stack named prod found" >&2; exit 255', monkeypatch)
    assert headroom("policies", "check", "--stack", "prod") == (
        2,
        "",
        "error: stack prod: pulumi can't export it: no stack named prod found\n",
    )


@pytest.mark.clock
def test_the_local_stack_is_read_from_its_state(headroom: Headroom, state: Any, project: Path) -> None:
    content = deployed(shop().change("shop", storage_encrypted=False))
    path = project / ".headroom" / "state" / ".pulumi" / "stacks" / "shop" / "local.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"version": 3, "checkpoint": {"latest": content["deployment"]}}))
    ran = headroom("policies", "check", "--stack", "local")
    assert ran.code == 1
    assert "local refused as prod: 1 mandatory" in ran.out

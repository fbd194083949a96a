"""The pack under the real engine: what it refuses stops `preview` and `up`, what it only notes doesn't."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headroom import clock
from headroom.local import emulator as emulators
from headroom.local.checkout import Checkout
from headroom.local.engine import ensure_engine
from headroom.local.environment import for_engine
from headroom.local.stack import prepare
from policies.deployed import check
from policies.pack import all_rules
from tests.days import on_that_day
from tests.policies.harness import PACK, ROOT

pytestmark = [pytest.mark.engine, pytest.mark.clock]

#: A program that isn't ours: a cluster and its instance, and nobody has declared who connects.
PROGRAM = """
import pulumi_aws as aws
cluster = aws.rds.Cluster("theirs", engine="aurora-postgresql", engine_version="16.15", master_username="root",
    storage_encrypted={encrypted}, manage_master_user_password=True, skip_final_snapshot=True)
aws.rds.ClusterInstance("theirs-1", cluster_identifier=cluster.id, engine="aurora-postgresql",
    instance_class="db.r6g.large")
"""
CONFIG = PACK / "config"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs a pulumi command in a foreign project, on an emulator of its own."""
    root = tmp_path_factory.mktemp("foreign")
    (root / "Pulumi.yaml").write_text("name: foreign\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {aws:region: eu-west-1}\n")
    for package in ("policies", "headroom"):
        (root / package).mkdir()
        (root / package / "__init__.py").write_text("raise ImportError('the wrong one')\n")
    checkout = Checkout(root)
    with emulators.private(checkout) as emulator:
        backend = tmp_path_factory.mktemp("backend")
        values = for_engine(prepare(checkout, ensure_engine(print), emulator, backend=backend, stack="dev"))

        def command(
            *arguments: str, encrypted: object = True, config: Path = CONFIG / "prod.json", more: str = ""
        ) -> "subprocess.CompletedProcess[str]":
            (root / "__main__.py").write_text(PROGRAM.format(encrypted=encrypted) + more)
            packs = ["--policy-pack", str(PACK), "--policy-pack-config", str(config)]
            if arguments[0] not in {"preview", "up", "policy"}:
                packs = []
            return subprocess.run(
                [str(checkout.bin / "pulumi"), *arguments, "--stack", "dev", "--non-interactive", *packs],
                cwd=root,
                env=on_that_day(values),
                text=True,
                capture_output=True,
                check=False,
                timeout=300,
            )

        yield command


def rules(output: str, level: str) -> set[str]:
    """The rules of that level in the engine's list."""
    return set(re.findall(rf"- \[{level}\]\s+([\w-]+)", output))


def test_a_mandatory_violation_stops_preview_and_up(run: Run) -> None:
    for command in (("preview",), ("up", "--yes")):
        done = run(*command, encrypted=False)
        assert done.returncode == 1, done.stdout + done.stderr
        said = done.stdout + done.stderr
        assert rules(said, "mandatory") == {
            "alrm-connections-required",
            "avail-multi-az",
            "conn-demand-declared",
            "dur-backup-retention",
            "dur-deletion-guards",
            "sec-encrypted-private",
        }, said
        assert "Traceback" not in said
    assert '"resources"' not in run("stack", "export").stdout  # nothing was made


def test_an_advisory_one_stops_neither(run: Run) -> None:
    try:
        for command in (("preview",), ("up", "--yes")):
            done = run(*command, config=CONFIG / "dev.json")
            assert done.returncode == 0, done.stdout + done.stderr
            assert rules(done.stdout, "mandatory") == set()
            assert rules(done.stdout, "advisory") == {"alrm-connections-required"}
        assert_the_engine_and_our_command_say_the_same_of_what_is_deployed(run)
        assert_what_a_program_only_reads_is_not_judged_as_its_own(run)
    finally:
        assert run("destroy", "--yes").returncode == 0


def assert_the_engine_and_our_command_say_the_same_of_what_is_deployed(run: Run) -> None:
    analyzed = run("policy", "analyze", "--json")
    assert analyzed.returncode == 1, analyzed.stdout + analyzed.stderr
    events = [json.loads(line).get("policyEvent") for line in analyzed.stdout.splitlines()]
    report = check(json.loads(run("stack", "export").stdout), "prod", all_rules(), clock.now(), "the stack")
    ours = {(v.rule.id, v.level.value, v.urn, v.message) for v in report.verdicts}
    assert {
        (e["policyName"], e["enforcementLevel"], e["resourceUrn"], e["message"].partition("\n")[2]) for e in events if e
    } == ours
    assert {rule for rule, level, *_ in ours if level == "mandatory"} >= {"alrm-connections-required", "avail-multi-az"}


def test_an_exemption_of_what_only_the_preview_cannot_prove_lasts_through_the_update(run: Run, tmp_path: Path) -> None:
    exemption = {
        "rule": "sec-encrypted-private",
        "urn": "*::theirs",
        "reason": "known when the topic is there",
        "owner": "payments",
        "expires": "2999-12-31",
    }
    config = tmp_path / "own.json"
    exempting = {"enforcementLevel": "mandatory", "exemptions": [exemption]}
    rules = {"all": "disabled", "sec-encrypted-private": "mandatory", "hyg-exemption-valid": exempting}
    config.write_text(json.dumps(rules))
    try:
        done = run("up", "--yes", encrypted='aws.sns.Topic("later").arn.apply(lambda _: True)', config=config)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "exempt until 2999-12-31 by payments" in done.stdout  # in its preview
        assert "matches no finding" in done.stdout  # at its end
    finally:
        assert run("destroy", "--yes").returncode == 0


def assert_what_a_program_only_reads_is_not_judged_as_its_own(run: Run) -> None:
    resources = json.loads(run("stack", "export").stdout)["deployment"]["resources"]
    made = next(resource["id"] for resource in resources if resource["type"] == "aws:rds/cluster:Cluster")
    done = run("preview", more=f'aws.rds.Cluster.get("elsewhere", "{made}")\n')
    assert "elsewhere" in done.stdout, done.stdout + done.stderr
    judged = set(re.findall(r"- \[\w+\]\s+[\w-]+\s+\((?:[^()\s]+: )?([^()]+)\)", done.stdout))
    assert "theirs" in judged
    assert "elsewhere" not in judged


def test_a_config_key_that_no_rule_has_stops_the_engine(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"conn-demand-fit": "advisory"}')
    done = run("preview", config=wrong)
    assert done.returncode != 0
    assert "conn-demand-fit: there is no such rule: did you mean conn-demand-fits?" in done.stdout + done.stderr


def preview(stack: str) -> "subprocess.CompletedProcess[str]":
    """What `make preview STACK=...` does."""
    return subprocess.run(
        [sys.executable, "-c", "from headroom.cli import main; main()", "local", "preview", stack],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
        timeout=300,
    )


def test_the_shop_before_the_incident_is_refused_by_eight_rules() -> None:
    done = preview("docs/examples/before-the-incident.yaml")
    assert done.returncode != 0
    assert rules(done.stdout, "mandatory") == {
        "alrm-connections-required",
        "alrm-reachable",
        "conn-cpu-cap",
        "conn-demand-fits",
        "conn-max-connections-bounds",
        "conn-memory",
        "conn-proxy-required",
        "scal-target-required",
    }
    for rule in rules(done.stdout, "mandatory"):
        assert f"[{rule}] " in done.stdout


@pytest.mark.parametrize("stack", ["staging", "dev"])
def test_our_own_stacks_pass_without_a_note(stack: str) -> None:
    passes_without_a_note(stack)


@pytest.mark.clock("every")
def test_prod_passes_without_a_note_on_every_day() -> None:
    passes_without_a_note("prod")


def passes_without_a_note(stack: str) -> None:
    done = preview(stack)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✅ headroom@v0.1.0" in done.stdout
    assert rules(done.stdout, "mandatory") | rules(done.stdout, "advisory") == set()

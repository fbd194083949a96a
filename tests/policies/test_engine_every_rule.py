"""Every rule under the real engine: all bad examples are one program, whose preview and update they stop."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator

import pytest

from headroom.local import emulator as emulators
from headroom.local.checkout import Checkout
from headroom.local.engine import ensure_engine
from headroom.local.environment import for_engine
from headroom.local.stack import prepare
from policies.configuration import shipped
from policies.documentation import BAD, GOOD, example
from policies.exemptions import KEY
from policies.exemptions import RULE as EXEMPTIONS
from policies.pack import all_rules
from tests.days import on_that_day
from tests.policies.harness import PACK

pytestmark = [pytest.mark.engine, pytest.mark.clock]

#: Runs each example with its resources' names prefixed: examples call theirs alike.
PROGRAM = """
import runpy, sys
import pulumi
sys.path.insert(0, {root!r})
original, prefix = pulumi.Resource.__init__, ""

def prefixed(self, t, name, *args, **kwargs):
    original(self, t, prefix + name, *args, **kwargs)

pulumi.Resource.__init__ = prefixed
for path in {examples!r}:
    prefix = path.split("/")[-2].replace("_", "-") + "-"
    runpy.run_path(path)
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs a pulumi command on all bad, or all good examples, with a config."""
    root = tmp_path_factory.mktemp("examples")
    (root / "Pulumi.yaml").write_text("name: examples\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {aws:region: eu-west-1}\n")
    checkout = Checkout(root)
    with emulators.private(checkout) as emulator:
        backend = tmp_path_factory.mktemp("backend")
        values = for_engine(prepare(checkout, ensure_engine(print), emulator, backend=backend, stack="dev"))

        def command(*arguments: str, which: str = BAD, config: object = None) -> "subprocess.CompletedProcess[str]":
            examples = [str(example(rule, which)) for rule in all_rules() if which != BAD or rule.id not in ELSEWHERE]
            (root / "__main__.py").write_text(PROGRAM.format(root=str(PACK.parent), examples=examples))
            (root / "config.json").write_text(json.dumps(config))
            packs = ["--policy-pack", str(PACK), "--policy-pack-config", str(root / "config.json")]
            return subprocess.run(
                [
                    str(checkout.bin / "pulumi"),
                    *arguments,
                    "--stack",
                    "dev",
                    "--non-interactive",
                    *packs * bool(config),
                ],
                cwd=root,
                env=on_that_day(values),
                text=True,
                capture_output=True,
                check=False,
                timeout=300,
            )

        yield command


#: What these refuse, the local AWS plugin refuses as well, so the pack never sees it here; their own tests do.
ELSEWHERE = {
    "avail-engine-version",
    "avail-instance-class",
    "conn-idle-client-timeout",
    "conn-pool-idle",
    "hyg-parameter-group",
    "scal-acu-range",
    "scal-bounds",
}


def prod() -> dict[str, dict[str, object]]:
    """Prod's config, with the exemptions of the bad example of the rule about them."""
    own = next(rule for rule in all_rules() if rule.id == EXEMPTIONS)
    listed = json.loads(example(own, BAD).with_suffix(".json").read_text())[EXEMPTIONS][KEY]
    config = shipped(all_rules(), "prod")
    config[EXEMPTIONS][KEY] = listed
    return config


def own_findings(output: str) -> dict[str, str]:
    """Rule -> level, where the engine shows the rule's finding on a resource of the rule's own example."""
    shown = re.findall(r"- \[(\w+)\]\s+([\w-]+)\s+\((?:[^()\s]+: )?([^()]+)\)", output)
    return {rule: level for level, rule, name in shown if name.startswith(f"{rule}-") or rule == EXEMPTIONS}


@pytest.mark.parametrize("command", [("preview",), ("up", "--yes")])
def test_every_rule_finds_its_bad_example_and_the_mandatory_ones_stop_it(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, config=prod())
    assert done.returncode != 0, done.stdout + done.stderr
    assert own_findings(done.stdout) == {
        rule.id: rule.prod.value for rule in all_rules() if rule.id not in ELSEWHERE
    }, done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_nothing_was_made(run: Run) -> None:
    assert '"resources"' not in run("stack", "export").stdout


def test_where_they_are_advisory_none_of_them_stops_it(run: Run) -> None:
    config = {name: {**entry, "enforcementLevel": "advisory"} for name, entry in prod().items()}
    done = run("preview", config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert own_findings(done.stdout) == {rule.id: "advisory" for rule in all_rules() if rule.id not in ELSEWHERE}


def test_where_they_are_disabled_none_of_them_says_a_word(run: Run) -> None:
    done = run("preview", config={rule.id: "disabled" for rule in all_rules()})
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.findall(r"- \[(\w+)\]", done.stdout)


def test_the_good_examples_are_programs_that_the_engine_takes(run: Run) -> None:
    done = run("preview", which=GOOD, config={"all": "advisory"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert own_findings(done.stdout) == {}

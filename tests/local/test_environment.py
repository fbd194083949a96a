import os
import subprocess
import sys
from pathlib import Path

import pytest

from headroom.local.checkout import Checkout
from headroom.local.emulator import Emulator
from headroom.local.engine import Engine
from headroom.local.environment import as_shell, for_engine, variables, write_launchers

EMULATOR = Emulator(1, 4566, "one")


def test_the_variables_name_this_checkouts_state_and_emulator(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"/usr/bin:{checkout.bin}:/bin")
    own = checkout.own
    assert variables(checkout, EMULATOR) == {
        "PATH": f"{own}/bin:/usr/bin:/bin",
        "PULUMI_HOME": f"{own}/home",
        "PULUMI_BACKEND_URL": f"file://{own}/state",
        "PULUMI_CONFIG_PASSPHRASE": "headroom-local",
        "PULUMI_STACK": "local",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "HEADROOM_EMULATOR_MARK": "one",
    }


def test_without_an_emulator_no_endpoint_is_named(checkout: Checkout) -> None:
    assert {"AWS_ENDPOINT_URL", "HEADROOM_EMULATOR_MARK"}.isdisjoint(variables(checkout, None))


def test_nothing_of_the_users_aws_and_pulumi_settings_reaches_the_engine(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "secret")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://elsewhere")
    monkeypatch.setenv("LANG", "C")
    values = for_engine(variables(checkout, EMULATOR))
    assert "AWS_PROFILE" not in values
    assert "PULUMI_ACCESS_TOKEN" not in values
    assert values["PULUMI_BACKEND_URL"] == f"file://{checkout.state}"
    assert values["LANG"] == "C"


def test_a_shell_can_take_the_environment_spaces_and_quotes_included(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    values = variables(Checkout(tmp_path / "it's a $HOME `checkout`"), EMULATOR)
    script = as_shell(values) + "\nenv -0"
    environment = dict(
        line.split("=", 1) for line in subprocess.check_output(["sh", "-c", script], text=True).split("\0") if line
    )
    assert {name: environment[name] for name in values} == values
    assert "AWS_PROFILE" not in environment


def test_the_launchers_run_the_local_parts_with_this_python(checkout: Checkout, tmp_path: Path) -> None:
    write_launchers(checkout, Engine(Path("/opt/pulumi"), "3.258.0", None))
    assert sorted(path.name for path in checkout.bin.iterdir()) == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-resource-aws",
    ]
    assert (checkout.bin / "pulumi").readlink() == Path("/opt/pulumi")
    plugin = checkout.bin / "pulumi-resource-aws"
    assert os.access(plugin, os.X_OK)
    assert plugin.read_text() == f'#!/bin/sh\nexec {sys.executable} -P -m headroom.local.aws "$@"\n'


def test_the_vendors_language_host_is_preferred_to_ours(checkout: Checkout) -> None:
    write_launchers(checkout, Engine(Path("/opt/pulumi"), "3.258.0", None))
    write_launchers(checkout, Engine(Path("/usr/pulumi"), "3.260.0", Path("/usr/pulumi-language-python")))
    assert sorted(path.name for path in checkout.bin.iterdir()) == ["pulumi", "pulumi-resource-aws"]
    assert (checkout.bin / "pulumi").readlink() == Path("/usr/pulumi")

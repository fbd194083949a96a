import errno
import os
import subprocess
import sys
from importlib.metadata import version
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
        "PULUMI_OPTION_GENERATE_CODE": "false",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
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


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    pulumi = tmp_path / "cache" / "pulumi"
    pulumi.parent.mkdir()
    pulumi.write_text("an engine")
    return Engine(pulumi, "3.258.0", None)


def plugin(checkout: Checkout) -> Path:
    return checkout.home / "plugins" / f"resource-aws-v{version('pulumi-aws')}" / "pulumi-resource-aws"


def test_the_plugin_stands_where_the_engine_looks_first_and_runs_with_this_python(
    checkout: Checkout, engine: Engine
) -> None:
    write_launchers(checkout, engine)
    assert os.access(plugin(checkout), os.X_OK)
    assert plugin(checkout).read_text() == f'#!/bin/sh\nexec {sys.executable} -P -m headroom.local.aws "$@"\n'
    assert sorted(path.name for path in plugin(checkout).parent.iterdir()) == ["pulumi-resource-aws"]


def test_our_language_host_stands_beside_the_engine_itself(checkout: Checkout, engine: Engine) -> None:
    write_launchers(checkout, engine)
    assert sorted(path.name for path in checkout.bin.iterdir()) == ["pulumi", "pulumi-language-python"]
    assert not (checkout.bin / "pulumi").is_symlink()
    assert (checkout.bin / "pulumi").samefile(engine.pulumi)


def test_an_engine_on_another_disk_is_copied_and_copied_anew_when_it_changes(
    checkout: Checkout, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    write_launchers(checkout, engine)
    write_launchers(checkout, engine)
    assert (checkout.bin / "pulumi").read_text() == "an engine"
    engine.pulumi.write_text("another engine")
    write_launchers(checkout, engine)
    assert (checkout.bin / "pulumi").read_text() == "another engine"


def test_the_vendors_language_host_is_preferred_to_ours(checkout: Checkout, engine: Engine) -> None:
    write_launchers(checkout, engine)
    write_launchers(checkout, Engine(Path("/usr/pulumi"), "3.260.0", Path("/usr/pulumi-language-python")))
    assert [path.name for path in checkout.bin.iterdir()] == ["pulumi"]
    assert (checkout.bin / "pulumi").readlink() == Path("/usr/pulumi")

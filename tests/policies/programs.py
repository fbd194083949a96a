"""Programs in the user's language, run as a first preview: what the engine would show the pack of them."""

import asyncio
import contextvars
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi.runtime import mocks
from pulumi.runtime.config import CONFIG
from pulumi.runtime.proto import analyzer_pb2
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import run_in_stack

from policies.reading.aurora import Reading
from policies.reading.resources import Resources
from tests.policies.declared import NOW

STACK = "pulumi:pulumi:Stack"
Answers = Callable[[mocks.MockCallArgs], dict[str, Any]]


class _Nothing(mocks.Mocks):
    """A first preview: inputs are known, whatever AWS would answer isn't. What exists already can be asked for."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return None, dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:  # type: ignore[override]
        return self.answers(args)


def _none(args: mocks.MockCallArgs) -> dict[str, Any]:
    raise AssertionError(f"an example asks AWS nothing, this one calls {args.token}")


class _Monitor(mocks.MockMonitor):
    """Keeps what the SDK's mocks throw away."""

    def __init__(self, answers: Answers) -> None:
        super().__init__(_Nothing(answers))
        self.messages: dict[str, Any] = {}
        self.loops: set[asyncio.AbstractEventLoop] = set()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (gRPC's name)
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != STACK:
            loop = asyncio.get_event_loop()
            if not loop.is_running():
                self.loops.add(loop)  # the SDK's mocks open one in each worker thread and forget it
            message = analyzer_pb2.AnalyzerResource(
                type=request.type,
                urn=response.urn,
                name=request.name,
                parent="" if f"::{STACK}::" in request.parent else request.parent,
                dependencies=request.dependencies,
                properties=request.object if request.custom else None,  # a component is shown by its outputs
            )
            for name, dependency in request.propertyDependencies.items():
                message.propertyDependencies[name].urns.extend(dependency.urns)
            self.messages[response.urn] = message
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if request.urn in self.messages:
            self.messages[request.urn].properties.CopyFrom(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def preview(
    program: Path, stack: str = "test", config: Mapping[str, str] | None = None, answers: Answers = _none
) -> list[Any]:
    """Run a program; the resources as the engine would send them to the pack, in its order."""
    monitor = _Monitor(answers)

    async def main() -> None:
        mocks.set_mocks(mocks=_Nothing(answers), project="example", stack=stack, preview=True, monitor=monitor)
        set_root_resource(None)  # type: ignore[arg-type]  # the one that the mocks made has closed its outputs
        CONFIG.set(dict(config or {}))
        await run_in_stack(lambda: _ignore(runpy.run_path(str(program))))

    # A context of its own: the SDK keeps the stack, the config and the monitor in context variables.
    try:
        contextvars.copy_context().run(asyncio.run, main())
    finally:
        for loop in monitor.loops:
            loop.close()
    return list(monitor.messages.values())


def read(program: Path) -> Reading:
    """What the rules see of a program."""
    return Reading(Resources.from_message(preview(program)), NOW)


def _ignore(_: object) -> None:
    """A program has no value; the SDK would await one."""

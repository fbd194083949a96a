"""Runs the program, or one component, against a monitor that records what is registered instead of making it."""

import asyncio
import contextvars
import json
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import mocks, rpc
from pulumi.runtime.config import CONFIG
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import run_in_stack

from headroom.settings import load, yaml_file

ROOT = Path(__file__).parents[2]
(SALE,) = load(ROOT / "Pulumi.prod.yaml").events  # whichever is shipped: tests depend on no date of it
BEFORE_THE_SALE = SALE.starts - timedelta(days=26)  # and before staging's rehearsal of it
DURING_THE_SALE = SALE.starts + timedelta(hours=4)
AFTER_THE_SALE = SALE.ends + timedelta(days=3)
ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Declared:
    """A registered resource. Dependencies and parents are `type::name`."""

    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    dependencies: frozenset[str]
    ignore_changes: tuple[str, ...]
    replace_with: tuple[str, ...]
    protect: bool

    def __getitem__(self, key: str) -> Any:
        return self.inputs[key]

    @property
    def key(self) -> str:
        return f"{self.type}::{self.name}"


@dataclass
class Program:
    """What one run registered."""

    declared: list[Declared] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def all(self, type_: str) -> dict[str, Declared]:
        """The resources of a type, by the end of their token (`rds/proxy:Proxy`), by name and in its order."""
        found = sorted((d for d in self.declared if d.type.endswith(type_)), key=lambda d: d.name)
        return {d.name: d for d in found}

    def one(self, type_: str) -> Declared:
        found = list(self.all(type_).values())
        assert len(found) == 1, [d.key for d in found]
        return found[0]

    def policy(self, type_: str, name: str, key: str = "policy") -> list[dict[str, Any]]:
        """The statements of a JSON policy."""
        return list(json.loads(self.all(type_)[name][key])["Statement"])


class _Monitor(mocks.MockMonitor):
    """Answers like AWS where the program needs an answer, and keeps what the mocks of the SDK throw away."""

    def __init__(self, program: Program, answers: mocks.Mocks) -> None:
        super().__init__(answers)
        self.program = program
        self.loops: set[asyncio.AbstractEventLoop] = set()

    def Invoke(self, request: Any) -> Any:  # noqa: N802 (gRPC's name)
        try:
            return super().Invoke(request)  # type: ignore[no-untyped-call]
        finally:
            self._note_loop()

    def _note_loop(self) -> None:
        """The SDK's mocks open an event loop in each worker thread and forget it; `declare` closes them."""
        loop = asyncio.get_event_loop()
        if not loop.is_running():
            self.loops.add(loop)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (gRPC's name)
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            self._note_loop()
            self.program.declared.append(
                Declared(
                    type=request.type,
                    name=request.name,
                    inputs=rpc.deserialize_properties(request.object),
                    parent=_key(request.parent),
                    dependencies=frozenset(map(_key, request.dependencies)),
                    ignore_changes=tuple(request.ignoreChanges),
                    replace_with=tuple(map(_key, request.replace_with)),
                    protect=request.protect,
                )
            )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if "::pulumi:pulumi:Stack::" in request.urn:
            self.program.outputs = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def _key(urn: str) -> str:
    """`type::name` of a URN; the type without its parents'."""
    if not urn:
        return ""
    types, name = urn.split("::", 3)[2:]  # the SDK's mock URNs are urn:pulumi:stack::project::types::name
    return f"{types.rpartition('$')[2]}::{name}"


class Answers(mocks.Mocks):
    """What AWS would answer in region eu-west-1."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        state = dict(args.inputs)
        arn = f"arn:aws:made:eu-west-1:{ACCOUNT}:{args.typ.rpartition(':')[2]}/{args.name}"
        state |= {"arn": arn, "name": state.get("name", args.name)}
        if args.typ == "aws:kms/key:Key":
            state["keyId"] = f"id-of-{args.name}"
        if args.typ == "aws:rds/cluster:Cluster":
            state |= {
                "clusterResourceId": "cluster-ABC",
                "endpoint": f"{args.name}.cluster-x.rds.amazonaws.com",
                "readerEndpoint": f"{args.name}.cluster-ro-x.rds.amazonaws.com",
                "masterUserSecrets": [{"secretArn": f"{arn}-master-secret"}],
            }
        if args.typ.startswith("aws:rds/proxy"):
            state["endpoint"] = f"{args.name}.proxy-x.rds.amazonaws.com"
        return f"{args.name}-id", state

    def call(self, args: mocks.MockCallArgs) -> Any:
        match args.token.rpartition(":")[2]:
            case "getPartition":
                return {"partition": "aws"}
            case "getRegion":
                return {"region": "eu-west-1", "name": "eu-west-1"}
            case "getCallerIdentity":
                return {"accountId": ACCOUNT}
            case "getAvailabilityZones":
                return {"names": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]}
            case "getSubnet":
                # Those that end in 1 are in zone a, and so on; 7, 8: without RDS Proxy; 9: in another VPC; 0: nowhere.
                last = args.args["id"][-1]
                if last == "0":
                    return {}, [("id", "the subnet doesn't exist")]
                return {
                    "availabilityZone": f"eu-west-1{'abcdefghi'[int(last) - 1]}",
                    "availabilityZoneId": {"7": "usw1-az2", "8": "use1-az3"}.get(last, f"euw1-az{last}"),
                    "vpcId": "vpc-99999999" if last == "9" else "vpc-0123abcd",
                }
            case other:
                raise AssertionError(other)


def declare(
    body: Callable[[], object],
    stack: str = "test",
    config: Mapping[str, str] | None = None,
    answers: mocks.Mocks | None = None,
) -> Program:
    """Run `body` as a Pulumi program."""
    program, answers = Program(), answers or Answers()
    monitor = _Monitor(program, answers)

    async def main() -> None:
        mocks.set_mocks(mocks=answers, project="headroom", stack=stack, monitor=monitor)
        set_root_resource(None)  # type: ignore[arg-type]  # the one that the mocks made has closed its outputs
        CONFIG.set(dict(config or {}))
        await run_in_stack(lambda: _ignore(body()))

    # A context of its own: the SDK keeps the stack, the config and the monitor in context variables.
    try:
        contextvars.copy_context().run(asyncio.run, main())
    finally:
        for loop in monitor.loops:
            loop.close()
    return program


def _ignore(_: object) -> None:
    """A program has no value; the SDK would await one."""


def run(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stack: str = "",
    now: datetime | None = BEFORE_THE_SALE,
    answers: mocks.Mocks | None = None,
) -> Program:
    """Run the real __main__.py on a stack file, as the engine would hand it over, at a time (None: the clock's)."""
    config = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in yaml_file.read(path).items()
    }
    stack = stack or path.stem.removeprefix("Pulumi.")
    if now is not None:
        monkeypatch.setattr("headroom.clock.now", lambda: now)
    return declare(lambda: runpy.run_path(str(ROOT / "__main__.py")), stack, config, answers)

"""The plugin's protocol: the engine asks, the lifecycle answers. One instance serves one provider of one run."""

import functools
import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2_grpc,
    status_pb2,
)
from pulumi.runtime.proto import (
    provider_pb2 as proto,
)

from headroom.local.aws import checks, functions, parameters
from headroom.local.aws.connection import Connection, RefusedError, check_emulator, endpoint_from_environment, no_region
from headroom.local.aws.derive import Derived, fill
from headroom.local.aws.lifecycle import AwsError, Lifecycle, PartlyCreatedError, Settings
from headroom.local.aws.table import TYPES
from headroom.local.aws.values import (
    UNKNOWN,
    Properties,
    derived_secrets,
    from_struct,
    has_unknown,
    is_unknown,
    to_struct,
)

_VERSION = "7.51.1"  # of the pulumi_aws whose types are served
_Handler = TypeVar("_Handler", bound=Callable[..., Any])
_Diff = proto.PropertyDiff


def _refusing(handler: _Handler) -> _Handler:
    """What the user has to know is one line, not a traceback."""

    @functools.wraps(handler)
    def wrapped(self: "AwsProvider", request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return handler(self, request, context)
        except (AwsError, RefusedError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return wrapped  # type: ignore[return-value]


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves the types of the table against the emulator that AWS_ENDPOINT_URL names."""

    def __init__(self, engine_address: str = "") -> None:
        self._engine_address = engine_address
        self._connection: Connection | None = None
        self._settings = Settings("")
        self._derived: dict[str, Derived] = {}

    # --- the provider itself -----------------------------------------------------------------------------------------

    def Handshake(
        self, request: proto.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> proto.ProviderHandshakeResponse:
        return proto.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=_VERSION)

    def GetSchema(self, request: proto.GetSchemaRequest, context: grpc.ServicerContext) -> proto.GetSchemaResponse:
        return proto.GetSchemaResponse(schema=json.dumps({"name": "aws", "version": _VERSION}))

    def CheckConfig(self, request: proto.CheckRequest, context: grpc.ServicerContext) -> proto.CheckResponse:
        news = from_struct(request.news)
        failures = []
        if "region" not in news:
            news["region"] = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
            if not news["region"]:
                failures.append(
                    proto.CheckFailure(property="region", reason="is not set: `pulumi config set aws:region eu-west-1`")
                )
        if (region := news["region"]) and isinstance(region, str) and (reason := no_region(region)):
            failures.append(proto.CheckFailure(property="region", reason=reason))
        if "endpoints" in news:
            failures.append(
                proto.CheckFailure(property="endpoints", reason="the local plugin serves AWS_ENDPOINT_URL only")
            )
        try:
            check_emulator(endpoint_from_environment())
        except RefusedError as error:
            failures.append(proto.CheckFailure(reason=str(error)))
        return proto.CheckResponse(inputs=to_struct(news), failures=failures)

    def DiffConfig(self, request: proto.DiffRequest, context: grpc.ServicerContext) -> proto.DiffResponse:
        old, new = from_struct(request.old_inputs or request.olds), from_struct(request.news)
        changed = [name for name in set(old) | set(new) if old.get(name) != new.get(name) and name != "version"]
        kind = proto.DiffResponse.DIFF_SOME if changed else proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(changes=kind, diffs=sorted(changed))

    @_refusing
    def Configure(self, request: proto.ConfigureRequest, context: grpc.ServicerContext) -> proto.ConfigureResponse:
        url = endpoint_from_environment()
        check_emulator(url)
        given = from_struct(request.args)
        tags = json.loads(given.get("defaultTags") or "{}").get("tags") or {}
        self._settings = Settings(given.get("region") or "us-east-1", tags, "defaultTags" in given.secrets)
        self._connection = Connection(url)
        return proto.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_refusing
    def Invoke(self, request: proto.InvokeRequest, context: grpc.ServicerContext) -> proto.InvokeResponse:
        answer = functions.invoke(self._connected(), self._settings, request.tok, from_struct(request.args))
        return proto.InvokeResponse(**{"return": to_struct(answer)})  # type: ignore[arg-type]

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()  # calls take milliseconds here: what has begun is finished

    # --- resources ---------------------------------------------------------------------------------------------------

    @_refusing
    def Check(self, request: proto.CheckRequest, context: grpc.ServicerContext) -> proto.CheckResponse:
        derived = self._type(request.urn)
        old, given = from_struct(request.olds), from_struct(request.news)
        name = request.urn.split("::", 3)[-1]
        inputs = Properties(checks.completed(derived, given, old, request.randomSeed, name), given.secrets)
        found = checks.findings(derived, inputs, old, self._region(inputs))
        for remark in found.remarks:
            self._say(f"{remark.property}: {remark.reason}", engine_pb2.WARNING, request.urn)
        failures = [_failure(item, inputs.secrets) for item in found.failures]
        return proto.CheckResponse(inputs=to_struct(inputs), failures=failures)

    @_refusing
    def Diff(self, request: proto.DiffRequest, context: grpc.ServicerContext) -> proto.DiffResponse:
        derived = self._type(request.urn)
        entry, state, old, new = (
            derived.entry,
            from_struct(request.olds),
            from_struct(request.old_inputs),
            from_struct(request.news),
        )
        changed = set(checks.changed(derived, old, new, state)) - set(request.ignoreChanges)
        region = new.get("region", self._settings.region)
        moved = bool(state.get("region")) and region != state["region"]
        replaces = sorted((changed & entry.replaces) | ({"region"} if moved else set()))
        if "tags" in derived.schema.inputs and self._lifecycle().all_tags(new) != (state.get("tagsAll") or {}):
            changed |= {"tagsAll"} if "tags" not in changed and "tags" not in request.ignoreChanges else set()
        changed |= set(replaces)
        detailed = {
            name: _Diff(kind=_kind(name, old, new, name in replaces), inputDiff=name not in ("tagsAll", "region"))
            for name in changed
        }
        return proto.DiffResponse(
            changes=proto.DiffResponse.DIFF_SOME if changed else proto.DiffResponse.DIFF_NONE,
            diffs=sorted(changed),
            replaces=replaces,
            detailedDiff=detailed,
            hasDetailedDiff=True,
            deleteBeforeReplace=bool(replaces) and not moved and _collides(derived, old, new),
        )

    @_refusing
    def Create(self, request: proto.CreateRequest, context: grpc.ServicerContext) -> proto.CreateResponse:
        derived, inputs = self._type(request.urn), from_struct(request.properties)
        self._say_what_is_not_proven(derived, inputs, request.urn)
        values = _without_defaults(inputs)
        if request.preview:
            unknown = dict.fromkeys(derived.schema.outputs, UNKNOWN)
            return proto.CreateResponse(
                properties=self._answer({**unknown, **values, **self._foreseen(derived, values)}, inputs)
            )
        try:
            identifier, outputs = self._lifecycle().create(derived, values)
        except PartlyCreatedError as error:
            kept = Properties(
                {name: value for name, value in inputs.items() if name not in error.pending}, inputs.secrets
            )
            detail = proto.ErrorResourceInitFailed(
                id=error.identifier,
                properties=self._answer(error.outputs, inputs),
                reasons=[str(error)],
                inputs=to_struct(kept),
            )
            _abort_with(context, f"{error.identifier} was created, but a later step failed: {error}", detail)
        return proto.CreateResponse(id=identifier, properties=self._answer(outputs, inputs))

    @_refusing
    def Read(self, request: proto.ReadRequest, context: grpc.ServicerContext) -> proto.ReadResponse:
        derived, state, inputs = self._type(request.urn), from_struct(request.properties), from_struct(request.inputs)
        result = self._lifecycle().read(derived, request.id, state, inputs)
        if result is None:
            return proto.ReadResponse()
        identifier, outputs, now = result
        secrets = Properties({**state, **inputs}, state.secrets | inputs.secrets)
        return proto.ReadResponse(
            id=identifier, properties=self._answer(outputs, secrets), inputs=to_struct(now, inputs.secrets)
        )

    @_refusing
    def Update(self, request: proto.UpdateRequest, context: grpc.ServicerContext) -> proto.UpdateResponse:
        derived, state = self._type(request.urn), from_struct(request.olds)
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        self._say_what_is_not_proven(derived, new, request.urn)
        values = _without_defaults(new)
        secrets = Properties({**state, **new}, state.secrets | new.secrets)
        if request.preview:
            kept = {name: value for name, value in state.items() if name not in old or name in new}
            outputs = {**dict.fromkeys(derived.schema.outputs), **kept, **values, **self._foreseen(derived, values)}
            return proto.UpdateResponse(properties=self._answer(outputs, secrets))
        changed = checks.changed(derived, old, new, state) - set(request.ignoreChanges)
        outputs = self._lifecycle().update(derived, request.id, state, _without_defaults(old), values, changed)
        return proto.UpdateResponse(properties=self._answer(outputs, secrets))

    @_refusing
    def Delete(self, request: proto.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        state = from_struct(request.properties)
        self._lifecycle().delete(self._type(request.urn), request.id, {**from_struct(request.old_inputs), **state})
        return empty_pb2.Empty()

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _connected(self) -> Connection:
        if self._connection is None:
            raise RefusedError("the local AWS plugin was not configured")
        return self._connection

    def _lifecycle(self) -> Lifecycle:
        return Lifecycle(self._connected(), self._settings)

    def _type(self, urn: str) -> Derived:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        if token not in self._derived:
            entry = TYPES.get(token)
            if entry is None:
                raise RefusedError(
                    f"the local AWS plugin does not serve {token}: "
                    f"it knows the {len(TYPES)} types of headroom/local/aws/table.py"
                )
            connection = self._connection or Connection("http://127.0.0.1")
            self._derived[token] = Derived(entry, connection.model(entry.service))
        return self._derived[token]

    def _answer(self, outputs: Mapping[str, Any], inputs: Properties) -> struct_pb2.Struct:
        secrets = derived_secrets(outputs, inputs)
        return to_struct(outputs, secrets | {"tagsAll"} if self._settings.default_tags_are_secret else secrets)

    def _foreseen(self, derived: Derived, values: Mapping[str, Any]) -> dict[str, Any]:
        """Outputs that a preview knows already."""
        known: dict[str, Any] = {}
        if "tagsAll" in derived.schema.outputs and not has_unknown(values.get("tags")):
            known["tagsAll"] = self._lifecycle().all_tags(values)
        if "region" in derived.schema.outputs:
            known["region"] = values.get("region") or self._settings.region
        return known

    def _say_what_is_not_proven(self, derived: Derived, inputs: Mapping[str, Any], urn: str) -> None:
        entry = derived.entry
        names = sorted(
            (entry.recorded | entry.unechoed | derived.unaccounted) & set(inputs) - set(inputs.get(checks.DEFAULTS, ()))
        )
        if names:
            self._say(f"recorded, not emulated: {', '.join(names)}", engine_pb2.INFO, urn)
        for sentence in parameters.doubtful(entry.token, inputs):
            self._say(sentence, engine_pb2.WARNING, urn)

    def _say(self, message: str, severity: "engine_pb2.LogSeverity.ValueType", urn: str) -> None:
        """Have the engine show a message beside the resource."""
        if self._engine_address:
            with grpc.insecure_channel(self._engine_address) as channel:
                request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn)
                engine_pb2_grpc.EngineStub(channel).Log(request)

    def _region(self, inputs: Mapping[str, Any]) -> str:
        """The region of a resource: its own, or the provider's."""
        own = inputs.get("region")
        return own if isinstance(own, str) and not is_unknown(own) else self._settings.region


def _failure(item: checks.Failure, secrets: Collection[str]) -> proto.CheckFailure:
    """The engine shows the value of the property that a failure names, even a secret one: such a failure names none."""
    if re.split(r"[.\[]", item.property)[0] in secrets:
        return proto.CheckFailure(reason=f"property {item.property}: {item.reason}")
    return proto.CheckFailure(property=item.property, reason=item.reason)


def _without_defaults(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name != checks.DEFAULTS}


def _kind(name: str, old: Mapping[str, Any], new: Mapping[str, Any], replaces: bool) -> "_Diff.Kind.ValueType":
    if name not in old and name in new:
        return _Diff.ADD_REPLACE if replaces else _Diff.ADD
    if name in old and name not in new:
        return _Diff.DELETE_REPLACE if replaces else _Diff.DELETE
    return _Diff.UPDATE_REPLACE if replaces else _Diff.UPDATE


def _collides(derived: Derived, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """True if old and new can't exist side by side: they have the same name, and it isn't a made-up one."""
    entry = derived.entry
    if entry.name and entry.name in new.get(checks.DEFAULTS, ()):
        return False
    if "{" in entry.id:
        return bool(fill(entry.id, old) == fill(entry.id, new))
    return bool(entry.name) and old.get(entry.name) == new.get(entry.name)


def _abort_with(context: grpc.ServicerContext, message: str, detail: Any) -> None:
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, message)

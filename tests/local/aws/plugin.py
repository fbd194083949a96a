"""The plugin, driven as the engine drives it, but in this process."""

import itertools
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto import status_pb2

from headroom.local.aws.provider import AwsProvider
from headroom.local.aws.values import Properties, from_struct, to_struct

_seeds = itertools.count(0xABCDEF0, 0x100)  # a name shows the first seven digits


class RefusedError(Exception):
    """The plugin answered a call with an error; `details` are the error's protobuf details."""

    def __init__(self, message: str, trailing: Any) -> None:
        super().__init__(message)
        self.details = []
        for _, data in trailing or ():
            self.details = list(status_pb2.Status.FromString(data).details)


class _Context:
    trailing: Any = None

    def abort(self, code: grpc.StatusCode, message: str) -> None:
        raise RefusedError(message, self.trailing)

    def set_trailing_metadata(self, trailing: Any) -> None:
        self.trailing = trailing


class Plugin:
    """One configured provider. Types are named as in aws:rds/cluster:Cluster."""

    def __init__(self, default_tags: str = "", region: str = "eu-west-1", engine_address: str = "") -> None:
        self.provider = AwsProvider(engine_address)
        arguments = {"region": region, **({"defaultTags": default_tags} if default_tags else {})}
        self._call("Configure", proto.ConfigureRequest(args=to_struct(arguments)))

    def check(
        self, token: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None, name: str = "it"
    ) -> tuple[Properties, list[str]]:
        """The checked inputs and the failures as "property: reason"."""
        answer = self._call(
            "Check",
            proto.CheckRequest(
                urn=_urn(token, name), olds=_struct(olds), news=_struct(news), randomSeed=next(_seeds).to_bytes(4)
            ),
        )
        return from_struct(answer.inputs), [f"{failure.property}: {failure.reason}" for failure in answer.failures]

    def checked(self, token: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> Properties:
        """The checked inputs; there must be no failure."""
        inputs, failures = self.check(token, news, olds)
        assert failures == []
        return inputs

    def diff(
        self, token: str, identifier: str, state: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Any:
        return self._call(
            "Diff",
            proto.DiffRequest(
                urn=_urn(token), id=identifier, olds=_struct(state), old_inputs=_struct(old), news=_struct(new)
            ),
        )

    def create(self, token: str, inputs: Mapping[str, Any], preview: bool = False) -> tuple[str, Properties]:
        answer = self._call("Create", proto.CreateRequest(urn=_urn(token), properties=_struct(inputs), preview=preview))
        return answer.id, from_struct(answer.properties)

    def read(
        self,
        token: str,
        identifier: str,
        state: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> tuple[str, Properties, Properties]:
        answer = self._call(
            "Read", proto.ReadRequest(urn=_urn(token), id=identifier, properties=_struct(state), inputs=_struct(inputs))
        )
        return answer.id, from_struct(answer.properties), from_struct(answer.inputs)

    def update(
        self,
        token: str,
        identifier: str,
        state: Mapping[str, Any],
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        preview: bool = False,
    ) -> Properties:
        answer = self._call(
            "Update",
            proto.UpdateRequest(
                urn=_urn(token),
                id=identifier,
                olds=_struct(state),
                old_inputs=_struct(old),
                news=_struct(new),
                preview=preview,
            ),
        )
        return from_struct(answer.properties)

    def delete(self, token: str, identifier: str, state: Mapping[str, Any]) -> None:
        self._call("Delete", proto.DeleteRequest(urn=_urn(token), id=identifier, properties=_struct(state)))

    def made(self, token: str, news: Mapping[str, Any]) -> tuple[str, Properties, Properties]:
        """Check and create: id, inputs, state."""
        inputs = self.checked(token, news)
        identifier, state = self.create(token, inputs)
        return identifier, inputs, state

    def _call(self, method: str, request: Any) -> Any:
        return getattr(self.provider, method)(request, _Context())


def _urn(token: str, name: str = "it") -> str:
    return f"urn:pulumi:dev::shop::{token}::{name}"


def _struct(values: Mapping[str, Any] | None) -> struct_pb2.Struct:
    return to_struct(values or {})

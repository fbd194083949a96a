"""The calls that reach AWS, by botocore's own hook; single ones can be made to fail or to answer something else."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from headroom.ops.permissions import action


class Calls:
    """Every call that was made, as IAM names it.

    Attributes:
        made: in their order.
        failing: IAM's name -> what is raised instead.
        answering: IAM's name -> makes another answer from the real one.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        self.failing: dict[str, Exception] = {}
        self.answering: dict[str, Callable[[Any], Any]] = {}
        original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

        def call(client: Any, operation: str, parameters: Any) -> Any:
            named = action(client.meta.service_model.service_name, operation)
            self.made.append(named)
            failure = self.failing.get(named, self.failing.get("*"))
            if failure is not None:
                raise failure
            answer = original(client, operation, parameters)
            return self.answering.get(named, lambda a: a)(answer)

        monkeypatch.setattr(BaseClient, "_make_api_call", call)

    def refuse(self, named: str, code: str, message: str = "no", status: int = 400) -> None:
        """Let a call (or all: "*") fail with an error of AWS's."""
        response: Any = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        self.failing[named] = ClientError(response, "Any")

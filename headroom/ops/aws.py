"""AWS, asked with the caller's own credentials, in the stack's region: each failure is one line, told once."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from headroom.ops.errors import LackError, lack
from headroom.ops.permissions import action, known

_CONFIG = Config(
    retries={"mode": "adaptive", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=20,
    user_agent_extra="headroom",
)
_T = TypeVar("_T")


class Aws:
    """One region, and what couldn't be read from it so far.

    Attributes:
        region: the stack's.
        endpoint: AWS_ENDPOINT_URL, as botocore itself honours it; empty for AWS.
        lacks: one line for each thing that couldn't be read.
    """

    def __init__(self, region: str) -> None:
        self.region = region
        self.endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        self.lacks: list[str] = []
        self._clients: dict[str, Any] = {}
        self._session: boto3.Session | None = None
        self._gone: LackError | None = None

    def other_region(self) -> str | None:
        """The region that the caller's environment or profile names, where it isn't the stack's."""
        try:
            named = os.environ.get("AWS_REGION") or self._boto().region_name
        except BotoCoreError:
            return None  # the first call says it
        return named if named and named != self.region else None

    def call(self, service: str, operation: str, **parameters: Any) -> Any:
        """Make one call; `operation` is the API's name (DescribeDBClusters).

        Raises:
            LackError: it failed; the message is one line.
        """
        return self._made(service, operation, lambda client, method: getattr(client, method)(**parameters))

    def all(self, service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
        """The items under `key` of all pages.

        Raises:
            LackError: it failed; the message is one line.
        """

        def pages(client: Any, method: str) -> list[Any]:
            if not client.can_paginate(method):
                return list(getattr(client, method)(**parameters).get(key, []))
            return [item for page in client.get_paginator(method).paginate(**parameters) for item in page.get(key, [])]

        found: list[Any] = self._made(service, operation, pages)
        return found

    def tried(self, ask: Callable[[], _T]) -> _T | None:
        """What `ask` answers; None where it lacks something, which is noted."""
        try:
            return ask()
        except LackError as error:
            self.note(str(error))
            return None

    def start_again(self) -> None:
        """Forget what was lacking: it is asked once more."""
        self.lacks.clear()
        self._gone = None

    def note(self, line: str) -> None:
        """Say once that something is missing."""
        if line not in self.lacks:
            self.lacks.append(line)

    def _made(self, service: str, operation: str, make: Callable[[Any, str], Any]) -> Any:
        if action(service, operation) not in known():
            raise AssertionError(f"{action(service, operation)} isn't in headroom/ops/permissions.py")
        if self._gone is not None:  # don't wait for the same time-out again and again
            raise self._gone
        try:
            client = self._client(service)
            method = next(m for m, o in client.meta.method_to_api_mapping.items() if o == operation)
            return make(client, method)
        except (BotoCoreError, ClientError) as error:
            told = lack(error, service, operation, self.region, self.endpoint)
            if told.everywhere:
                self._gone = told
            raise told from None

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            make: Any = self._boto().client
            self._clients[service] = make(service, region_name=self.region, config=_CONFIG)
        return self._clients[service]

    def _boto(self) -> boto3.Session:
        if self._session is None:
            self._session = boto3.Session()
        return self._session

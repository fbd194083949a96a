"""The way to the emulator, and to nothing else: loopback only, dummy credentials, whatever the environment says."""

import difflib
import ipaddress
import os
import threading
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.model import ServiceModel

ACCOUNT_ID = "123456789012"  # moto's, where none is given
_ANSWER_SECONDS = 10
_REBUILD = (
    'Run `make up`, which rebuilds the local stack, then `eval "$(headroom local env)"` again in shells that had it.'
)


class RefusedError(Exception):
    """The plugin won't work with what it was given. The message is all there is to say."""


def endpoint_from_environment() -> str:
    """The emulator's URL. Raises RefusedError unless AWS_ENDPOINT_URL names a loopback address."""
    url = os.environ.get("AWS_ENDPOINT_URL", "")
    if not url:
        raise RefusedError(
            "AWS_ENDPOINT_URL is not set: the local AWS plugin serves the emulator on this machine only. "
            "Run `make up`, or set what `headroom local env` prints."
        )
    if not _is_loopback(url):
        raise RefusedError(
            f"AWS_ENDPOINT_URL is {url}: the local AWS plugin serves loopback addresses only "
            "(http://127.0.0.1:PORT). For a real account, take the local plugin off the PATH."
        )
    return url


def check_emulator(url: str) -> None:
    """Raise RefusedError if the emulator doesn't answer, or isn't the one that this state was made with."""
    no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with no_proxy.open(f"{url.rstrip('/')}/headroom/mark", timeout=_ANSWER_SECONDS) as answer:
            mark = answer.read().decode().strip()
    except urllib.error.HTTPError:
        mark = ""
    except OSError:
        raise RefusedError(no_answer(url)) from None
    wanted = os.environ.get("HEADROOM_EMULATOR_MARK", "")
    if wanted and wanted != mark:
        raise RefusedError(
            f"the emulator at {url} and this state do not belong together (the emulator's mark is "
            f"'{mark}', the state's '{wanted}'). {_REBUILD}"
        )


def no_answer(url: str) -> str:
    """What to tell when there is no emulator where one should be."""
    return f"the emulator at {url} does not answer: it was stopped or died. {_REBUILD}"


def no_region(name: str) -> str:
    """What to tell of a region that doesn't exist, as far as botocore's data goes; empty: it does."""
    session = botocore.session.get_session()
    known = [r for p in session.get_available_partitions() for r in session.get_available_regions("rds", p)]
    if name in known:
        return ""
    near = ", ".join(difflib.get_close_matches(name, known, n=3))
    return f"is {name}, which is no AWS region" + (f": did you mean {near}?" if near else "")


class Connection:
    """Service models, and a client for each service and region, made once. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._core = botocore.session.get_session(
            {
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        self._session = boto3.Session(
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 -- the emulator takes any
            botocore_session=self._core,
        )
        self._clients: dict[tuple[str, str], BaseClient] = {}
        self._models: dict[str, ServiceModel] = {}
        self._lock = threading.RLock()

    def model(self, service: str) -> ServiceModel:
        """The service's description of its calls, from botocore's data."""
        with self._lock:
            if service not in self._models:
                self._models[service] = self._core.get_service_model(service)
            return self._models[service]

    def client(self, service: str, region: str) -> Any:
        """A client that talks to the emulator, in the region's name."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._session.client(  # type: ignore[call-overload]
                    service,
                    region_name=region,
                    endpoint_url=self.url,
                    config=Config(
                        retries={"total_max_attempts": 1},
                        connect_timeout=5,
                        read_timeout=60,
                        proxies={},
                        max_pool_connections=64,
                    ),
                )
            return self._clients[service, region]


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

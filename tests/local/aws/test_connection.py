"""Loopback only, whatever the environment says."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from headroom.local.aws.connection import Connection, RefusedError, check_emulator, endpoint_from_environment
from tests.local.aws.plugin import Plugin
from tests.local.aws.plugin import RefusedError as AnsweredError

LOCAL = "http://127.0.0.1:4567"


@pytest.mark.parametrize("url", [LOCAL, "http://localhost:5000", "http://[::1]:5000", "http://127.8.9.1"])
def test_loopback_addresses_are_served(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    assert endpoint_from_environment() == url


@pytest.mark.parametrize(
    "url",
    [
        "https://rds.eu-west-1.amazonaws.com", "http://10.0.0.1:5000", "http://127.0.0.1.example.com", "http://0.0.0.0:80",
        "http://user@example.com:127", "http://localhost.example.com", "127.0.0.1:5000", "http://", "nonsense",
    ],
)  # fmt: skip
def test_every_other_address_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(RefusedError) as refused:
        endpoint_from_environment()
    assert str(refused.value) == (
        f"AWS_ENDPOINT_URL is {url}: the local AWS plugin serves loopback addresses only (http://127.0.0.1:PORT). "
        "For a real account, take the local plugin off the PATH."
    )


@pytest.mark.parametrize("value", [None, ""])
def test_no_address_is_refused(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_RDS", LOCAL)
    with pytest.raises(RefusedError) as refused:
        endpoint_from_environment()
    assert str(refused.value) == (
        "AWS_ENDPOINT_URL is not set: the local AWS plugin serves the emulator on this machine only. "
        "Run `make up`, or set what `headroom local env` prints."
    )


def test_configure_refuses_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(AnsweredError) as refused:
        Plugin()
    assert str(refused.value) == (
        "the emulator at http://127.0.0.1:9 does not answer: it was stopped or died. "
        "Run `make up`, which rebuilds the local stack, "
        'then `eval "$(headroom local env)"` again in shells that had it.'
    )


def test_nothing_in_the_environment_leads_a_client_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL_RDS": "https://rds.eu-west-1.amazonaws.com",
        "AWS_PROFILE": "production",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_CONFIG_FILE": "/home/someone/.aws/config",
        "HTTP_PROXY": "http://proxy.example.com:3128",
    }.items():
        monkeypatch.setenv(name, value)
    client = Connection(LOCAL).client("rds", "eu-west-1")
    assert client.meta.endpoint_url == LOCAL
    assert client.meta.config.proxies == {}
    credentials = client._get_credentials()
    assert (credentials.access_key, credentials.secret_key, credentials.token) == ("local", "local", None)


class _Marked(http.server.BaseHTTPRequestHandler):
    answers: str | None = "theirs"

    def do_GET(self) -> None:
        self.send_response(200 if self.answers is not None else 404)
        self.end_headers()
        self.wfile.write((self.answers or "").encode())

    def log_message(self, *_: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def marked() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Marked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_state_and_the_emulator_must_belong_together(marked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADROOM_EMULATOR_MARK", raising=False)
    check_emulator(marked)
    monkeypatch.setenv("HEADROOM_EMULATOR_MARK", "theirs")
    check_emulator(marked)
    monkeypatch.setenv("HEADROOM_EMULATOR_MARK", "ours")
    with pytest.raises(RefusedError) as refused:
        check_emulator(marked)
    assert str(refused.value) == (
        f"the emulator at {marked} and this state do not belong together (the emulator's mark is 'theirs', "
        "the state's 'ours'). "
        "Run `make up`, which rebuilds the local stack, "
        'then `eval "$(headroom local env)"` again in shells that had it.'
    )


def test_a_server_without_a_mark_is_not_ours(marked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Marked, "answers", None)
    monkeypatch.setenv("HEADROOM_EMULATOR_MARK", "ours")
    with pytest.raises(RefusedError, match="the emulator's mark is ''"):
        check_emulator(marked)

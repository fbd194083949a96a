from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    TokenRetrievalError,
)

from headroom.drill.place import LOOPBACK, free_port
from headroom.ops.session import Session
from tests.commands.conftest import Headroom
from tests.ops.calls import Calls

READING = ("status", "verify")


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("ExpiredToken", "the AWS credentials have expired: sign in again (aws sso login)"),
        (
            "UnrecognizedClientException",
            "AWS doesn't take these credentials (UnrecognizedClientException): are they complete, and of this account? "
            "A region that the account hasn't enabled says the same: eu-west-1",
        ),
        (
            "AccessDenied",
            "missing permission: rds:DescribeDBClusters (docs/operations.md lists what is needed)",
        ),
        (
            "ThrottlingException",
            "AWS throttles rds:DescribeDBClusters, after several attempts, too: ask again in a minute",
        ),
        (
            "OptInRequired",
            "rds:DescribeDBClusters: eu-west-1 doesn't have it: is that the stack's region? (OptInRequired)",
        ),
        ("InvalidParameterValue", "rds:DescribeDBClusters: no"),
    ],
)
def test_what_aws_refuses_is_one_line(
    session: Session, calls: Calls, headroom: Headroom, command: str, code: str, line: str
) -> None:
    calls.refuse("*", code)
    assert headroom(command) == (2, "", f"error: {line}\n")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            NoCredentialsError(),
            "no AWS credentials: sign in (aws sso login), set AWS_PROFILE, or for the local stack eval "
            '"$(headroom local env)"',
        ),
        (
            TokenRetrievalError(provider="sso", error_msg="Token has expired"),
            "the AWS credentials can't be used: sign in again (aws sso login): Error when retrieving token from sso: "
            "Token has expired",
        ),
        (
            EndpointConnectionError(endpoint_url="x"),
            "AWS_ENDPOINT_URL={endpoint} doesn't answer (rds:DescribeDBClusters): is the local stack up? (make up)",
        ),
        (
            ConnectTimeoutError(endpoint_url="x"),
            "AWS_ENDPOINT_URL={endpoint} doesn't answer (rds:DescribeDBClusters): is the local stack up? (make up)",
        ),
    ],
)
def test_no_way_to_aws_is_one_line(
    session: Session, at_emulator: str, calls: Calls, headroom: Headroom, error: Exception, line: str
) -> None:
    calls.failing["*"] = error
    assert headroom("status") == (2, "", f"error: {line.format(endpoint=at_emulator)}\n")


def test_trouble_of_awss_own_is_said(session: Session, calls: Calls, headroom: Headroom) -> None:
    calls.refuse("*", "InternalFailure", status=503)
    assert headroom("status") == (
        2,
        "",
        "error: rds:DescribeDBClusters: AWS has trouble of its own (HTTP 503): ask again in a minute\n",
    )


def test_after_no_credentials_nothing_else_is_asked(session: Session, calls: Calls, headroom: Headroom) -> None:
    calls.failing["*"] = NoCredentialsError()
    done = headroom("triage")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert len(calls.made) == 1


def test_a_server_that_is_gone_is_one_line(
    session: Session, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert headroom("status") == (
        2,
        "",
        f"error: AWS_ENDPOINT_URL={url} doesn't answer (rds:DescribeDBClusters): is the local stack up? (make up)\n",
    )


class _Throttling(BaseHTTPRequestHandler):
    asked = 0

    def do_POST(self) -> None:
        type(self).asked += 1
        body = b"<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def test_a_call_that_is_throttled_is_tried_again_before_it_is_said(
    session: Session, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = HTTPServer((LOOPBACK, 0), _Throttling)
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{LOOPBACK}:{server.server_port}")
    monkeypatch.setattr("time.sleep", lambda _: None)
    try:
        done = headroom("status")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert done == (
        2,
        "",
        "error: AWS throttles rds:DescribeDBClusters, after several attempts, too: ask again in a minute\n",
    )
    assert _Throttling.asked == 5


@pytest.mark.emulator
@pytest.mark.parametrize("command", READING)
def test_no_such_cluster_is_one_line(session: Session, headroom: Headroom, command: str) -> None:
    assert headroom(command) == (
        2,
        "",
        f"error: no cluster {session.name} in eu-west-1: is the stack deployed, and are these the credentials of its "
        "account?\n",
    )


@pytest.mark.emulator
@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_another_region_of_the_callers_is_told(
    session: Session, headroom: Headroom, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "us-east-1")
    note, error = headroom("status").err.splitlines()
    assert note == f"note: your AWS region is us-east-1; {session.name} is in eu-west-1, which is asked"
    assert error.startswith(f"error: no cluster {session.name} in eu-west-1")


def test_no_such_stack_is_one_line(session: Session, headroom: Headroom) -> None:
    done = headroom("status", "--stack", "prod")
    assert (done.code, done.err) == (
        2,
        "error: prod: no such stack: there is no Pulumi.prod.yaml; the stacks here are local\n1 error\n",
    )


def test_the_local_stack_without_an_emulator_is_one_line(
    session: Session, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert headroom("status") == (
        2,
        "",
        'error: Pulumi.local.yaml: this stack is on emulated AWS: run eval "$(headroom local env)" first\n',
    )


@pytest.mark.parametrize(
    ("dsn", "line"),
    [
        ("nonsense", "--dsn: is no DSN: write postgresql://user@host:5432/database?sslmode=require"),
        (
            "postgresql://u:topsecret@h:99999/d",
            "--dsn: is no DSN: write postgresql://user@host:5432/database?sslmode=require",
        ),
        (
            "postgresql://u:topsecret@a,b/d",
            "--dsn: is no DSN: write postgresql://user@host:5432/database?sslmode=require",
        ),
        (
            "mysql://u:topsecret@h/d",
            "--dsn: is mysql's, but the stack's engine is aurora-postgresql: write "
            "postgresql://user@host:5432/database?sslmode=require",
        ),
        (
            "postgresql://h/d",
            "--dsn: needs user, host and database: write postgresql://user@host:5432/database?sslmode=require",
        ),
        (
            "postgresql://u:topsecret@h/d?options=x",
            "--dsn: options can't be set here: only sslmode and sslrootcert can",
        ),
        (
            "postgresql://u:topsecret@h/d?sslmode=prefer",
            "--dsn: sslmode must be one of disable, require, verify-ca, verify-full: the others may take two "
            "connections",
        ),
    ],
)
def test_a_bad_dsn_is_one_line_that_does_not_repeat_it(
    session: Session, headroom: Headroom, dsn: str, line: str
) -> None:
    assert headroom("triage", "--dsn", dsn) == (2, "", f"error: {line}\n")

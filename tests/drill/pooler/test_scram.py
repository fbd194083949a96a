import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.drill.pooler.scram import ScramClient, ScramError, ScramServer
from tests.searches import searched


@given(st.text(min_size=1, max_size=20), st.binary(min_size=16, max_size=16))
@settings(max_examples=searched(20))
def test_both_sides_know_the_password(password: str, salt: bytes) -> None:
    client, server = ScramClient(password), ScramServer(password, salt)
    client.verify(server.final(client.final(server.first(client.first()))))


def test_a_wrong_password_is_refused() -> None:
    client, server = ScramClient("wrong"), ScramServer("right", b"salt" * 4)
    with pytest.raises(ScramError, match=r"^password authentication failed$"):
        server.final(client.final(server.first(client.first())))


def test_a_server_that_doesnt_know_the_password_is_found_out() -> None:
    client, server = ScramClient("right"), ScramServer("right", b"salt" * 4)
    client.final(server.first(client.first()))
    with pytest.raises(ScramError, match=r"^the server doesn't know the password either$"):
        client.verify(b"v=" + b"A" * 44)
    with pytest.raises(ScramError, match=r"^the server's SCRAM nonce is not ours$"):
        ScramClient("right").final(b"r=other,s=c2FsdA==,i=4096")


@given(st.binary(max_size=60))
def test_nonsense_is_refused(data: bytes) -> None:
    server = ScramServer("right", b"salt" * 4)
    with pytest.raises(ScramError):
        server.final(data)
    if not data.startswith((b"n,,", b"y,,")):
        with pytest.raises(ScramError):
            server.first(data)
    with pytest.raises(ScramError):
        ScramClient("right").final(data)

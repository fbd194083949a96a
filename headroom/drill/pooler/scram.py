"""SCRAM-SHA-256 without channel binding, both sides: RFC 5802, RFC 7677."""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

MECHANISM = "SCRAM-SHA-256"
_ITERATIONS = 4096  # PostgreSQL's scram_iterations


class ScramError(Exception):
    """The other side is not who it should be, or doesn't keep to the exchange."""


@lru_cache(maxsize=64)
def _salted(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def _fields(text: bytes) -> dict[bytes, bytes]:
    try:
        return {part[:1]: part[2:] for part in text.split(b",") if part[1:2] == b"="}
    except IndexError:
        return {}


def _nonce() -> bytes:
    return base64.b64encode(secrets.token_bytes(18))


class ScramClient:
    """Our side of a login at the server."""

    def __init__(self, password: str) -> None:
        self._password = password
        self._bare = b"n=,r=" + _nonce()
        self._server_signature = b""

    def first(self) -> bytes:
        """The client's first message."""
        return b"n,," + self._bare

    def final(self, server_first: bytes) -> bytes:
        """The client's final message.

        Raises:
            ScramError: the server's makes no sense.
        """
        try:
            fields = _fields(server_first)
            nonce, salt, iterations = fields[b"r"], base64.b64decode(fields[b"s"]), int(fields[b"i"])
        except (KeyError, ValueError):
            raise ScramError("the server's SCRAM message makes no sense") from None
        if not nonce.startswith(self._bare[5:]):
            raise ScramError("the server's SCRAM nonce is not ours")
        salted = _salted(self._password, salt, iterations)
        bare_final = b"c=biws,r=" + nonce
        signed = b",".join((self._bare, server_first, bare_final))
        key = _mac(salted, b"Client Key")
        proof = _xor(key, _mac(hashlib.sha256(key).digest(), signed))
        self._server_signature = _mac(_mac(salted, b"Server Key"), signed)
        return bare_final + b",p=" + base64.b64encode(proof)

    def verify(self, server_final: bytes) -> None:
        """See that the server knows the password, too.

        Raises:
            ScramError: it doesn't.
        """
        if not hmac.compare_digest(_fields(server_final).get(b"v", b""), base64.b64encode(self._server_signature)):
            raise ScramError("the server doesn't know the password either")


class ScramServer:
    """Our side of a client's login."""

    def __init__(self, password: str, salt: bytes) -> None:
        self._salted = _salted(password, salt, _ITERATIONS)
        self._salt = salt
        self._header = b""
        self._nonce = b""
        self._exchanged = b""

    def first(self, client_first: bytes) -> bytes:
        """The server's first message.

        Raises:
            ScramError: the client's makes no sense, or wants channel binding.
        """
        header, comma, bare = client_first.partition(b",,")
        client_nonce = _fields(bare).get(b"r", b"")
        if header not in {b"n", b"y"} or not comma or not client_nonce:
            raise ScramError("the client's SCRAM message makes no sense")
        self._header = base64.b64encode(header + comma)
        self._nonce = client_nonce + _nonce()
        answer = b"r=" + self._nonce + b",s=" + base64.b64encode(self._salt) + b",i=%d" % _ITERATIONS
        self._exchanged = bare + b"," + answer
        return answer

    def final(self, client_final: bytes) -> bytes:
        """The server's final message.

        Raises:
            ScramError: the client doesn't know the password.
        """
        bare, _, proof = client_final.rpartition(b",p=")
        signed = self._exchanged + b"," + bare
        stored = hashlib.sha256(_mac(self._salted, b"Client Key")).digest()
        try:
            key = _xor(base64.b64decode(proof), _mac(stored, signed))
        except ValueError:
            raise ScramError("the client's SCRAM proof makes no sense") from None
        if bare != b"c=" + self._header + b",r=" + self._nonce or not hmac.compare_digest(
            hashlib.sha256(key).digest(), stored
        ):
            raise ScramError("password authentication failed")
        return b"v=" + base64.b64encode(_mac(_mac(self._salted, b"Server Key"), signed))

"""A role's SCRAM secret, made by us: the server's cost of a login is the real one, the client's isn't.

The iterations are the client's work; in production it is spread over the fleet's hosts, here one generator would do it
for all of them. The server only checks (RFC 5802), whatever the count.
"""

import base64
import hashlib
import hmac
import os

ITERATIONS = 64
"""PostgreSQL's own default is 4096."""


def secret(password: str) -> str:
    """What PostgreSQL stores and PgBouncer's auth_file holds: SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(_key(salted, b"Client Key")).digest()
    server = _key(salted, b"Server Key")
    return f"SCRAM-SHA-256${ITERATIONS}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _key(salted: bytes, name: bytes) -> bytes:
    return hmac.digest(salted, name, "sha256")


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()

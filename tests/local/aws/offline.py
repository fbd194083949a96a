"""A type's table entry joined with its models, without an emulator."""

from functools import cache

from headroom.local.aws.connection import Connection
from headroom.local.aws.derive import Derived
from headroom.local.aws.table import TYPES


@cache
def derived(token: str) -> Derived:
    """The type as the plugin knows it."""
    entry = TYPES[token]
    return Derived(entry, Connection("http://127.0.0.1").model(entry.service))

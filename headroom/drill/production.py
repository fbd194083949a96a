"""What looks like production: in a name, in a tag, and behind a name that only points there.

To miss one is dangerous, and to refuse what isn't one costs trust, so the words are told apart: `proddb1`, `shopprod`
and `db.prod.example.com` are production; `product-catalogue-staging`, `reproduction`, `non-prod` are not.
"""

import re
import socket
from contextlib import suppress

# Words that only contain it, and those that say the opposite.
_INNOCENT = re.compile(
    r"produ(c(?!tion|cion)|kt(?!i)|it)|productions(?![a-z])|prodig|(?<![a-z])reproduction"
    r"|(?<![a-z])((non?|not|pre)[-_ ]?(prod(uction)?|prd|live)|n(prod|prd))"
)
_PRODUCTION = re.compile(r"prod|prd|(?<![a-z])live(?![a-z])")
_RDS_HOST = re.compile(r"\.rds\.amazonaws\.com(\.cn)?$")
_NO = {"false", "no", "0"}


def looks_like_production(text: str) -> bool:
    """The text says prod, production, prd or live, and doesn't say that it isn't."""
    return _PRODUCTION.search(_INNOCENT.sub(" ", text.lower())) is not None


def tagged_production(key: str, value: str) -> bool:
    """The tag's value says so; or its key, unless the value denies it."""
    return looks_like_production(value) or (looks_like_production(key) and value.lower() not in _NO)


def is_rds(host: str) -> bool:
    """The host is an endpoint of RDS: AWS has its tags."""
    return _RDS_HOST.search(host) is not None


def given_name(host: str) -> str:
    """The part of a host's name that somebody chose: of an RDS endpoint, the rest is AWS's, and partly random."""
    return host.partition(".")[0] if is_rds(host) else host


def names_of(host: str) -> list[str]:
    """The host, and every name that its DNS alias (CNAME) leads to, in lower case and without a trailing dot.

    A name that can't be resolved has no other names: connecting to it will say so.
    """
    found = [host]
    with suppress(OSError, UnicodeError):
        name, aliases, _ = socket.gethostbyname_ex(host)
        found += [*aliases, name]
    with suppress(OSError, UnicodeError):  # IPv6 only
        found += [entry[3] for entry in socket.getaddrinfo(host, None, flags=socket.AI_CANONNAME)]
    return list(dict.fromkeys(plain for name in found if (plain := name.lower().rstrip("."))))

"""sec-proxy-tls-auth: who connects through the proxy is encrypted and known."""

from collections.abc import Iterator

from policies.reading.aurora import Reading
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.resources import Resource
from policies.rule import Finding, Rule, unproven

END_TO_END = "IAM_AUTH"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for proxy in (parts.proxy for parts in reading.proxies):
        tls = proxy.read("requireTls", bool)
        if isinstance(tls, Blank):
            yield unproven(tls)
        elif not tls:
            yield Finding(
                urn=proxy.urn,
                found=f"the proxy {proxy.name} admits clients without TLS",
                allowed="requireTls has to be true; unset it is false",
                remedy="set requireTls",
            )
        yield from _auth(proxy)


def _auth(proxy: Resource) -> Iterator[Finding]:
    scheme, auths = proxy.read("defaultAuthScheme", str), proxy.field("auths")
    if scheme == END_TO_END:
        return
    if isinstance(scheme, Blank):
        yield unproven(scheme)
    elif auths is UNKNOWN:
        yield unproven(Blank(proxy.urn, "auths", "is known only after the update"))
    elif isinstance(auths, list) and auths:
        for index in range(len(auths)):
            path = f"auths.{index}.secretArn"
            secret, given = proxy.field(path), proxy.read(path, str)
            if isinstance(given, Blank) and secret is not UNKNOWN:
                yield unproven(given)
            elif secret is MISSING:
                yield _nobody(proxy, f"an entry of its auths ({index + 1} of {len(auths)}) names no secret")
    elif auths is MISSING or auths == []:
        yield _nobody(proxy, "it has no auths, and no default scheme")
    else:
        yield unproven(Blank(proxy.urn, "auths", f"must be a list, got {auths!r}", "give it as a list"))


def _nobody(proxy: Resource, why: str) -> Finding:
    return Finding(
        urn=proxy.urn,
        found=f"the proxy {proxy.name} can't tell who connects: {why}",
        allowed="each way in has a secret, or is by IAM from end to end",
        remedy="set defaultAuthScheme to IAM_AUTH, or give each service an entry with its own secretArn",
    )


RULE = Rule(
    id="sec-proxy-tls-auth",
    title="The proxy takes only encrypted connections, from users that it can tell apart.",
    why="A pool is shared: who gets in uses the connections of everybody else.",
    predicate=(
        "Refuses requireTls that isn't true (unset is false), and a proxy whose auths are missing or name no secret, "
        "unless its defaultAuthScheme is IAM_AUTH."
    ),
    unknown="Unknown requireTls, scheme or auths may let anybody in: not proven. An unknown secret is one.",
    remedy="Set requireTls, and auths with secrets or defaultAuthScheme IAM_AUTH.",
    sources=("Security Hub RDS.43", "AWS Config rds-proxy-tls-encryption", "RDS API Reference, CreateDBProxy"),
    harmless={"auths.*.secretArn": "A secret that is known only after the update is a secret."},
    check=check,
)

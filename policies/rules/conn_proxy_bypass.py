"""conn-proxy-bypass: nobody connects past the proxy who isn't declared."""

from collections.abc import Iterator, Mapping

from headroom.budget.model import Path
from policies.reading import ingress
from policies.reading import types as t
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.ingress import Range, Source
from policies.reading.resources import Resource, Resources
from policies.rule import ADVISORY, DISABLED, Finding, Kind, Rule, unproven

#: A range of so many addresses (IPv4's /24, IPv6's /64) may be a VPN or an office, where the operators are.
SMALL_RANGE_ADDRESSES = 256


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    proxied = [cluster for cluster in reading.clusters if cluster.proxies]
    rules: dict[str, list[tuple[Resource, object]]] = {}
    for resource, rule, guarded in ingress.every(reading.resources) if proxied else ():
        rules.setdefault(guarded, []).append((resource, rule))
    for cluster in proxied:
        own = ingress.groups(cluster)
        port = ingress.port(cluster)
        subnets = _proxys_ranges(cluster, reading.resources)
        ways: set[Source] = set()
        ranges: set[Range] = set()
        blanks: list[Blank] = []
        for resource, rule in (each for group in sorted(own) for each in rules.get(group, ())):
            if not isinstance(rule, Mapping):
                blanks.append(ingress.unreadable(resource, rule))
            elif ingress.covers(resource, rule, port):
                found, unclear = ingress.sources(resource, rule)
                ways |= found
                blanks += unclear
                ranges |= ingress.ranges(rule, subnets)
        ways -= {Source(each) for each in own} | _proxys_groups(cluster, reading.resources)
        yield from _judge(cluster, ways, ranges, blanks)


def _proxys_groups(cluster: AuroraCluster, resources: Resources) -> set[Source]:
    found = set()
    for proxy in (parts.proxy for parts in cluster.proxies):
        listed = proxy.field("vpcSecurityGroupIds")
        found |= {Source(group.urn) for group in resources.linked(proxy, t.SECURITY_GROUP)}
        found |= {Source(each) for each in (listed if isinstance(listed, list) else ()) if isinstance(each, str)}
        # A group that isn't in this stack may come from the same place as the proxy's.
        found |= {Source(urn) for urn in proxy.property_dependencies.get("vpcSecurityGroupIds", ())}
    return found


def _proxys_ranges(cluster: AuroraCluster, resources: Resources) -> set[str]:
    subnets = (subnet for parts in cluster.proxies for subnet in resources.linked(parts.proxy, t.SUBNET))
    given = (subnet.field(path) for subnet in subnets for path in ("cidrBlock", "ipv6CidrBlock"))
    return {each for each in given if isinstance(each, str)}


def _judge(cluster: AuroraCluster, ways: set[Source], ranges: set[Range], blanks: list[Blank]) -> Iterator[Finding]:
    stack = cluster.budget.stack if cluster.budget else None
    direct = [s.name for s in stack.services if any(p.path is Path.DIRECT for p in s.pools)] if stack else []
    operators = ["the operators"] if stack and stack.break_glass_connections else []
    if len(ways) > len(direct + operators):
        names = ", ".join(sorted(way.label for way in ways))
        yield Finding(
            urn=cluster.urn,
            found=f"more than is declared reaches {cluster.name} past its proxy: {names}",
            allowed=f"declared are {len(direct + operators)} ways ({', '.join(operators + direct) or 'none'})",
            remedy=(
                "admit only the proxy's group, and declare who connects directly (path: direct, or "
                "break_glass_connections for the operators)"
            ),
            kind=Kind.VIOLATION if stack and not direct else Kind.ADVICE,
        )
    else:
        yield from map(unproven, blanks)
    # Who is behind an address can't be told. A declared direct service may be, where no group stands for it.
    free = min(len(direct), len(direct + operators) - len(ways))
    nobodys = stack is not None and not operators
    wide = sorted(each for each in ranges if nobodys or each.addresses > SMALL_RANGE_ADDRESSES)
    if len(wide) > max(free, 0):
        yield Finding(
            urn=cluster.urn,
            found=f"whoever has an address there reaches {cluster.name} past its proxy: {', '.join(map(str, wide))}",
            allowed=f"the proxy's group and subnets, and a range of at most {SMALL_RANGE_ADDRESSES} for the operators",
            remedy="name security groups instead of an address range",
            kind=Kind.ADVICE,
        )


RULE = Rule(
    id="conn-proxy-bypass",
    title="Only the proxy, declared direct services and the operators reach the database's port.",
    why="A throttle that can be walked around throttles the honest: one forgotten batch job takes the others' slots.",
    predicate=(
        "Refuses a cluster with a proxy whose security groups admit more other groups to its port than are declared: "
        "one for the operators (break_glass_connections) and one for each service with a direct pool. Where such "
        "services, or no demand, are declared, it advises. Who is behind an address range can't be told: a range of at "
        "most 256 addresses (a VPN, an office) is taken for the operators', one of the proxy's own subnets for the "
        "proxy's, and a wider one is advised about. 0.0.0.0/0 is sec-encrypted-private's."
    ),
    unknown=(
        "An ingress that can't be read may admit anybody: not proven. An unknown group is known by where it comes "
        "from; groups outside the stack, and prefix lists, can't be seen. An unknown address range is "
        "sec-encrypted-private's."
    ),
    remedy="Admit only the proxy's group; declare direct paths.",
    sources=(
        "postmortem.txt",
        "RDS User Guide, 'RDS Proxy connection considerations': room for what doesn't use the proxy",
    ),
    staging=ADVISORY,
    dev=DISABLED,
    harmless=ingress.OUTSIDE,
    check=check,
)

"""conn-pool-sum: several proxies on a cluster share what there is."""

from collections.abc import Iterator

from headroom.budget.facts import fact
from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.rule import Finding, Kind, Rule, unproven

PATH = "connectionPoolConfig.maxConnectionsPercent"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    highest = int(fact("service", "proxy_percent_sum_highest").value)
    default = int(fact("service", "proxy_percent_default").value)
    for cluster in reading.clusters:
        if len(cluster.proxies) < 2:
            continue
        percents = [p.target_group.read(PATH, int) if p.target_group else default for p in cluster.proxies]
        for blank in (percent for percent in percents if isinstance(percent, Blank)):
            yield unproven(blank)
        total = sum(percent for percent in percents if isinstance(percent, int))
        if total >= highest:
            names = ", ".join(parts.proxy.name for parts in cluster.proxies)
            yield Finding(
                urn=cluster.urn,
                found=f"the proxies of {cluster.name} ({names}) may open {total} % of max_connections together",
                allowed=f"{highest} % is all there is" + (", and then nothing is left" if total == highest else ""),
                remedy="lower maxConnectionsPercent, or let one proxy serve them all (AWS's advice)",
                kind=Kind.VIOLATION if total > highest else Kind.ADVICE,
            )


RULE = Rule(
    id="conn-pool-sum",
    title="The percentages of several proxies on one cluster add up to less than 100.",
    why="Proxies don't know of each other: each counts on its whole share, and the last one is refused.",
    predicate="Refuses several proxies on a cluster whose maxConnectionsPercent (unset: 100) add up to more than 100; "
    "advises at exactly 100, where AWS's pages disagree.",
    unknown="An unknown percentage of several may be 100: not proven. A single proxy is conn-pool-percent-max's.",
    remedy="Lower the percentages, or use one proxy.",
    sources=(
        "RDS User Guide, rds-proxy: 'the sum must not exceed 100'; another page says 'must be less than 100'",
        "headroom/budget/facts/limits.toml: proxy_percent_sum_highest",
    ),
    check=check,
)

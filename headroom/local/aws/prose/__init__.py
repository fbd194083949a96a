"""What AWS's services refuse and say only in prose: one row is a property, the rule, and the page that says it."""

from headroom.local.aws.prose import cloudwatch, events, keys, metrics, network, proxies, rds, scaling, tags
from headroom.local.aws.prose.rule import Rule

RULES: tuple[Rule, ...] = (
    *network.RULES,
    *rds.RULES,
    *proxies.RULES,
    *keys.RULES,
    *scaling.RULES,
    *metrics.RULES,
    *cloudwatch.RULES,
    *events.RULES,
    *tags.RULES,
)

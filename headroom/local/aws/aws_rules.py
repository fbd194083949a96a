"""All that AWS says against a resource's values, in one list: registry, lists of what is offered, policies, prose.

One property gets one line: the first that applies, in this order.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from headroom.local.aws.documents import DOCUMENTS, policy, unknown_actions
from headroom.local.aws.offered import offered
from headroom.local.aws.prose import RULES
from headroom.local.aws.prose.rule import check
from headroom.local.aws.registry import Said, judged


class Verdict(NamedTuple):
    """What AWS would refuse; and what it would take, but can't be checked or does nothing."""

    refused: list[Said]
    remarks: list[Said]


def verdict(token: str, values: Mapping[str, Any], region: str, old: Mapping[str, Any]) -> Verdict:
    """AWS's verdict on the known values of a resource in a region; `old`: its inputs so far, if there is one."""
    of_lists, prose = offered(token, values, region, old), list(check(RULES, token, values, region))
    refused = [
        *judged(token, region).said(values),
        *of_lists.refused,
        *(said for name in values if (token, name) in DOCUMENTS for said in policy(token, name, values[name])),
        *(said for rule, said in prose if not rule.remark),
    ]
    remarks = [
        *of_lists.remarks,
        *(said for name in values for said in unknown_actions(token, name, values[name])),
        *(said for rule, said in prose if rule.remark),
    ]
    return Verdict(list(_first_each(refused)), remarks)


def _first_each(said: list[Said]) -> Iterator[Said]:
    seen = set()
    for one in said:
        if one.property not in seen or not one.property:
            yield one
        seen.add(one.property)

"""hyg-parameter-group: a parameter group sets only what AWS takes in a group of its family."""

from collections.abc import Iterator

from headroom import parameter_groups
from policies.reading import types as t
from policies.reading.aurora import Reading
from policies.reading.field import MISSING
from policies.reading.resources import Resource
from policies.rule import Finding, Kind, Rule

_LEVELS = {t.CLUSTER_PARAMETER_GROUP: "cluster", t.PARAMETER_GROUP: "instance"}


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for group in reading.resources.of(*_LEVELS):
        family, parameters = group.read("family", str), group.field("parameters")
        if not isinstance(family, str) or not family.startswith("aurora"):
            continue
        count = len(parameters) if isinstance(parameters, list) else 0
        given = [_given(group, index) for index in range(count)]
        for problem in parameter_groups.problems(family, _LEVELS[group.type_], given):
            where = (
                f"parameters[{problem.position}] of {group.name}"
                if problem.position >= 0
                else f"family of {group.name}"
            )
            yield Finding(
                urn=group.urn,
                found=f"{where}: {problem.reason}",
                allowed="AWS refuses the group's deploy" if problem.certain else "AWS may refuse the group's deploy",
                remedy="set only what `aws rds describe-engine-default-cluster-parameters` lists for the family",
                kind=Kind.VIOLATION if problem.certain else Kind.ADVICE,
            )


def _given(group: Resource, index: int) -> parameter_groups.Given:
    name, value, method = (
        text if isinstance(text, str) else None
        for text in (group.read(f"parameters.{index}.{part}", str) for part in ("name", "value", "applyMethod"))
    )
    if group.field(f"parameters.{index}.applyMethod") is MISSING:
        method = "immediate"  # the provider's own
    return parameter_groups.Given(name, value, method)


_REFUSED_BY_AWS = "What isn't known can't be judged, and isn't dangerous: AWS refuses a parameter that it doesn't take."

RULE = Rule(
    id="hyg-parameter-group",
    title="A parameter group sets only what AWS takes in a group of its family.",
    why=(
        "A preview takes any name and value; AWS refuses the group in the middle of the deploy, and what waits for the "
        "group isn't made."
    ),
    predicate=(
        "Refuses, in the groups of Aurora's families: a family that AWS doesn't have; a parameter that the family "
        "doesn't have, where AWS's list of it is complete (aurora-postgresql14, and there PostgreSQL's own names: "
        "minor versions add to AWS's); one that can't be modified; a static one with `immediate`, which is what an "
        "omitted apply method means; a value outside AWS's range; a parameter given twice. Advises where the lists "
        "don't suffice: a name that an incomplete list lacks, a value among choices that AWS may have added to, a "
        "family newer than the lists."
    ),
    unknown=(
        "It reads no value that could be dangerous while it is unknown: AWS refuses a parameter that it doesn't take, "
        "so what is known only after the update isn't judged."
    ),
    remedy="Correct the name, the value or the apply method; set a session's settings for a role instead.",
    sources=(
        "headroom/parameter_groups/lists: AWS's lists, with their sources",
        "Aurora User Guide, AuroraPostgreSQL.Reference.ParameterGroups and AuroraMySQL.Reference.ParameterGroups",
        "RDS User Guide, USER_ParamValuesRef",
    ),
    harmless=dict.fromkeys(
        ("family", "parameters", "parameters.*.name", "parameters.*.value", "parameters.*.applyMethod"),
        _REFUSED_BY_AWS,
    ),
    check=check,
)

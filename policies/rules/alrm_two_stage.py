"""alrm-two-stage: somebody reads about it before somebody is woken."""

from collections.abc import Iterator

from headroom.budget.model import Role
from policies.reading.alarms import (
    DATA_LATER,
    NOT_JUDGED,
    REPORTED_ELSEWHERE,
    ConnectionAlarm,
    connection_alarms,
    on_every_instance,
    undecided,
    unreachable,
)
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import UNKNOWN
from policies.reading.metrics import REMEDY
from policies.rule import ADVISORY, DISABLED, Finding, Kind, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        alarms = connection_alarms(cluster)
        by_instance = on_every_instance(cluster, alarms)
        single = []
        for role in Role:
            stages = [alarm for alarm in alarms if role in alarm.roles and not alarm.silence]
            said = any(role in alarm.roles and unreachable(cluster, alarm.alarm) for alarm in alarms)
            if len(stages) == 1 and not by_instance and not said:
                single.append(_single(cluster, role, *stages, others=alarms))
            elif stages[1:] and len({_told(alarm) for alarm in stages}) == 1:
                yield _same_topic(cluster, role, stages)
        maybe = undecided(cluster)
        yield from map(unproven, maybe) if single and maybe else single


def _told(alarm: ConnectionAlarm) -> tuple[str, ...]:
    """Whom it tells, as far as can be told apart: where its topics come from, else their ARNs."""
    told: set[str] = set()
    for each in (alarm.alarm, *alarm.composites):
        actions = each.field("alarmActions")
        told |= {str(action) for action in (actions if isinstance(actions, list) else ()) if action is not UNKNOWN}
        told |= set(each.property_dependencies.get("alarmActions", ()))
    return tuple(sorted(told))


def _single(cluster: AuroraCluster, role: Role, alarm: ConnectionAlarm, *, others: list[ConnectionAlarm]) -> Finding:
    # The others' thresholds and actions are other rules' to object to; that one has no data only this says.
    nothing = [f"{each.alarm.name}: {each.silence}" for each in others if role in each.roles and each.remedy]
    return Finding(
        urn=alarm.alarm.urn,
        found=f"{alarm.alarm.name} is the only alarm that tells of the {role}'s connections of {cluster.name}"
        + f" ({'; '.join(nothing)})" * bool(nothing),
        allowed="a warning has to come while there is time to act, before the one that pages",
        remedy=REMEDY if nothing else "set two, at the budget's warning and critical thresholds",
    )


def _same_topic(cluster: AuroraCluster, role: Role, stages: list[ConnectionAlarm]) -> Finding:
    names = ", ".join(alarm.alarm.name for alarm in stages)
    return Finding(
        urn=stages[0].alarm.urn,
        found=f"all alarms on the {role}'s connections of {cluster.name} ({names}) tell the same",
        allowed="who is paged for a warning soon ignores the critical one",
        remedy="give each stage a topic of its own",
        kind=Kind.ADVICE,
    )


RULE = Rule(
    id="alrm-two-stage",
    title="Each role's connections have a warning and a critical alarm, which tell different people or ways.",
    why="In the incident half an hour passed between the start and the first alert; a warning is what buys that time.",
    predicate=(
        "Refuses a role with a single alarm on its connections that can ring and tells somebody, unless every "
        "instance has one beside it (alrm-connections-required). Advises where all of them tell the same topics. None "
        "at all is alrm-connections-required's, a second one that can't reach anybody alrm-actions', one "
        "number for both alrm-connections-threshold's."
    ),
    unknown="An alarm whose metric or role is unknown may be the second one: not proven.",
    remedy="Set a warning and a critical alarm with a topic each.",
    sources=("postmortem.txt", "headroom/budget/thresholds.py: warning and critical"),
    staging=ADVISORY,
    dev=DISABLED,
    harmless={
        **NOT_JUDGED,
        **REPORTED_ELSEWHERE,
        **DATA_LATER,
        **dict.fromkeys(
            ("dimensions", "dimensions.Role", "dimensions.DBInstanceIdentifier", "actionsEnabled"),
            "Where no alarm of a role is known to tell anybody, alrm-connections-required says so.",
        ),
        "alarmActions": "An action that is known only after the update is an action.",
    },
    check=check,
)

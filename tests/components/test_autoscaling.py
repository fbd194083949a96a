from datetime import UTC, datetime, timedelta

import pulumi
import pytest

from components.autoscaling import ScheduledMinimum, event_in_progress, scheduled_minimums
from headroom.budget import evaluate
from headroom.settings import load
from headroom.settings.demand import Event
from tests.components.conftest import Ran
from tests.components.program import AFTER_THE_SALE, BEFORE_THE_SALE, DURING_THE_SALE, ROOT, SALE, Program, run

LEAD = timedelta(minutes=30)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 27, hour, minute, tzinfo=UTC)


def sale(readers: int | None = 5) -> Event:
    return Event(name="sale", starts=at(8), ends=at(20), traffic_factor=6, readers_min=readers)


def test_scaling_waits_until_every_declared_instance_is_there(prod: Program) -> None:
    target = prod.one("appautoscaling/target:Target")
    assert {i.key for i in prod.all(":ClusterInstance").values()} <= target.dependencies


def test_connections_and_cpu_are_tracked_with_the_budgets_targets(prod: Program) -> None:
    targets = evaluate(load(ROOT / "Pulumi.prod.yaml").stack("headroom-prod")).thresholds.scaling
    assert targets is not None
    tracked = {
        config["predefinedMetricSpecification"]["predefinedMetricType"]: config["targetValue"]
        for config in (
            p["targetTrackingScalingPolicyConfiguration"] for p in prod.all("appautoscaling/policy:Policy").values()
        )
    }
    assert tracked == {
        "RDSReaderAverageDatabaseConnections": targets.connections,
        "RDSReaderAverageCPUUtilization": targets.cpu_percent,
    }


def test_readers_leave_three_times_as_slowly_as_they_come(prod: Program) -> None:
    for policy in prod.all("appautoscaling/policy:Policy").values():
        config = policy["targetTrackingScalingPolicyConfiguration"]
        assert (config["scaleOutCooldown"], config["scaleInCooldown"]) == (300, 900)


def test_the_sale_raises_the_minimum_before_it_starts_and_restores_it_when_it_ends(prod: Program) -> None:
    actions = prod.all(":ScheduledAction")
    assert {
        name: (a["schedule"], a["timezone"], a["scalableTargetAction"]["minCapacity"]) for name, a in actions.items()
    } == {
        f"headroom-prod-{SALE.name}-begins": (f"at({SALE.starts - LEAD:%Y-%m-%dT%H:%M:%S})", "UTC", 5),
        f"headroom-prod-{SALE.name}-ends": (f"at({SALE.ends:%Y-%m-%dT%H:%M:%S})", "UTC", 2),
    }


def test_outside_of_an_event_the_minimum_is_the_stack_files(prod: Program) -> None:
    target = prod.one("appautoscaling/target:Target")
    assert (target["minCapacity"], target["maxCapacity"], target.ignore_changes) == (2, 6, ())


def test_during_an_event_the_program_leaves_the_minimum_alone(ran: Ran) -> None:
    program = ran("Pulumi.prod.yaml", DURING_THE_SALE)
    target = program.one("appautoscaling/target:Target")
    assert target.ignore_changes == ("minCapacity",)
    assert target["minCapacity"] == 5  # only a target that is made in the middle of a sale takes it
    assert set(program.all(":ScheduledAction")) == {f"headroom-prod-{SALE.name}-ends"}


def test_during_an_event_it_says_that_the_minimum_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda message, _resource: said.append(message))
    for now in (BEFORE_THE_SALE, DURING_THE_SALE):
        with monkeypatch.context() as at_that_time:
            run(ROOT / "Pulumi.prod.yaml", at_that_time, now=now)
    assert said == [
        f"the event {SALE.name} has begun, or its lead of 30 minutes has: the minimum of the readers is left alone "
        "until it ends. If the event was declared too late to be scheduled, raise it by hand: headroom relieve "
        "add-readers"
    ]


def test_after_the_event_nothing_is_scheduled_and_the_minimum_is_the_stack_files_again(ran: Ran) -> None:
    program = ran("Pulumi.prod.yaml", AFTER_THE_SALE)
    target = program.one("appautoscaling/target:Target")
    assert (target["minCapacity"], target.ignore_changes) == (2, ())
    assert not program.all(":ScheduledAction")


def test_without_autoscaling_there_is_no_target(mysql: Program) -> None:
    assert not [d.key for d in mysql.declared if "appautoscaling" in d.type]


def test_what_is_past_of_the_calendar_is_not_scheduled() -> None:
    begins, ends = ScheduledMinimum("sale-begins", at(7, 30), 5), ScheduledMinimum("sale-ends", at(20), 2)
    assert scheduled_minimums([sale()], 2, LEAD, at(7)) == [begins, ends]
    assert scheduled_minimums([sale()], 2, LEAD, at(7, 30)) == [ends]
    assert scheduled_minimums([sale()], 2, LEAD, at(20)) == []


def test_an_event_that_asks_for_no_readers_schedules_nothing() -> None:
    assert scheduled_minimums([sale(readers=None)], 2, LEAD, at(7)) == []
    assert event_in_progress([sale(readers=None)], LEAD, at(12)) is None


def test_an_event_is_in_progress_from_its_lead_until_its_end() -> None:
    moments = [at(7, 29), at(7, 30), at(19, 59), at(20)]
    assert [event_in_progress([sale()], LEAD, moment) is not None for moment in moments] == [False, True, True, False]


def test_times_of_another_zone_are_scheduled_in_utc() -> None:
    local = Event.model_validate(
        {
            "name": "sale",
            "starts": "2026-11-27T09:00:00+01:00",
            "ends": "2026-11-27T10:00:00+01:00",
            "traffic_factor": 2,
            "readers_min": 3,
        }
    )
    assert scheduled_minimums([local], 2, LEAD, at(1))[0].at == at(7, 30)

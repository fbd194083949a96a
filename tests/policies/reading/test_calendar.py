from datetime import UTC, datetime, timedelta, timezone

from headroom.budget.facts import instance_class
from headroom.budget.model import Cluster, Engine, Event, Instance, Stack
from policies.reading.calendar import asked_for_from, ends

EIGHT = datetime(2026, 11, 27, 8, tzinfo=UTC)
STACK = Stack(
    cluster=Cluster(
        engine=Engine.MYSQL,
        instances=(Instance(name="w", instance_class=instance_class("db.r6g.large"), writer=True),),
    )
)


def sale(starts: datetime) -> Event:
    return Event(name="sale", starts=starts, ends=starts + timedelta(hours=2), traffic_factor=2)


def test_readers_are_asked_for_before_the_event_wherever_its_zone_is() -> None:
    lead = timedelta(minutes=STACK.margins.replica_lead_minutes)
    for zone in (UTC, timezone(timedelta(hours=5)), timezone(timedelta(hours=-8))):
        event = sale(EIGHT.astimezone(zone))
        assert str(asked_for_from(event, STACK)) == str(EIGHT - lead)
        assert str(ends(event)) == "2026-11-27 10:00:00+00:00"


def test_who_gives_no_zone_means_utc() -> None:
    event = sale(EIGHT.replace(tzinfo=None))
    assert str(ends(event)) == "2026-11-27 10:00:00+00:00"

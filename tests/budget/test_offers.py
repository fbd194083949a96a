from datetime import date

import pytest

from headroom.budget.model import Engine
from headroom.budget.offers import Answer, Offer, instance_class, offers, version

PG, MYSQL = Engine.POSTGRESQL, Engine.MYSQL
RETIRED, NO, NEWER = Offer.RETIRED, Offer.NO, Offer.NEWER
LIST = "list of 2026-10-20"
AURORA_3 = "8.0.mysql_aurora.3"


def test_the_lists_have_their_date_and_source() -> None:
    assert date.fromisoformat(offers().date) >= date(2026, 10, 20)
    assert offers().source.startswith("cfn-lint ")


@pytest.mark.parametrize("wanted", ["16.15", "13.9", "12.22", "16.9-limitless", "18.6", "16", "13", "11"])
def test_a_version_that_a_new_postgresql_cluster_can_have(wanted: str) -> None:
    assert version(PG, wanted) == Answer(Offer.YES)


@pytest.mark.parametrize("wanted", [f"{AURORA_3}.08.0", "5.7.mysql_aurora.2.12.0", "8.0", "5.7", f"{AURORA_3}.10"])
def test_a_version_that_a_new_mysql_cluster_can_have(wanted: str) -> None:
    assert version(MYSQL, wanted) == Answer(Offer.YES)


@pytest.mark.parametrize(
    ("engine", "wanted", "offer", "found", "instead"),
    [
        (PG, "16.6", RETIRED, f"16.6 can't be created any more ({LIST})", "16.15"),
        (PG, "10", RETIRED, f"10 can't be created any more ({LIST})", "18.6"),
        (PG, "16.0", NO, f"16.0 is no version of aurora-postgresql ({LIST})", "16.15"),
        (PG, "16.7", NO, f"16.7 is no version of aurora-postgresql ({LIST})", "16.15"),
        (PG, "16.7-limitless", NO, f"16.7-limitless is no version of aurora-postgresql ({LIST})", "16.15"),
        (PG, "latest", NO, f"latest is no version of aurora-postgresql ({LIST})", "18.6"),
        (PG, f"{AURORA_3}.08.0", NO, f"{AURORA_3}.08.0 is no version of aurora-postgresql ({LIST})", "18.6"),
        (PG, "16.99", NEWER, "16.99 isn't on the list of 2026-10-20, and is later than what is", "16.15"),
        (PG, "19", NEWER, "19 isn't on the list of 2026-10-20, and is later than what is", "18.6"),
        (PG, "19.1", NEWER, "19.1 isn't on the list of 2026-10-20, and is later than what is", "18.6"),
        (MYSQL, f"{AURORA_3}.06.0", RETIRED, f"{AURORA_3}.06.0 can't be created any more ({LIST})", f"{AURORA_3}.13.0"),
        (MYSQL, "8.0.36", NO, f"8.0.36 is no version of aurora-mysql ({LIST})", "8.4.mysql_aurora.8.4.8"),
        (MYSQL, f"{AURORA_3}.04.5", NO, f"{AURORA_3}.04.5 is no version of aurora-mysql ({LIST})", f"{AURORA_3}.13.0"),
        (
            MYSQL,
            f"{AURORA_3}.10.7",  # a patch of an older minor version
            NEWER,
            f"{AURORA_3}.10.7 isn't on the list of 2026-10-20, and is later than what is",
            f"{AURORA_3}.13.0",
        ),
        (
            MYSQL,
            f"{AURORA_3}.99.0",
            NEWER,
            f"{AURORA_3}.99.0 isn't on the list of 2026-10-20, and is later than what is",
            f"{AURORA_3}.13.0",
        ),
    ],
)
def test_a_version_that_it_cant(engine: Engine, wanted: str, offer: Offer, found: str, instead: str) -> None:
    assert version(engine, wanted) == Answer(offer, found, instead)


@pytest.mark.parametrize(
    ("engine", "name", "region", "engine_version"),
    [
        (PG, "db.r6g.large", "eu-west-1", "16.15"),
        (PG, "db.r6g.large", "", ""),
        (PG, "db.r6g.large", "eu-west-1", "16.99"),  # a version that the lists don't have limits nothing
        (PG, "db.serverless", "mx-central-1", "16.15"),
        (MYSQL, "db.t3.small", "eu-west-1", f"{AURORA_3}.08.0"),
        (PG, "db.r6gd.xlarge", "eu-west-1", "17.11"),
    ],
)
def test_a_class_that_a_new_instance_can_have(engine: Engine, name: str, region: str, engine_version: str) -> None:
    assert instance_class(engine, name, region=region, engine_version=engine_version) == Answer(Offer.YES)


@pytest.mark.parametrize(
    ("engine", "name", "region", "engine_version", "offer", "found", "instead"),
    [
        (
            PG,
            "db.t3.small",
            "eu-west-1",
            "16.15",
            NO,
            f"eu-west-1 has no db.t3.small for aurora-postgresql ({LIST})",
            "db.t3.large, db.t3.medium, db.t4g.large",
        ),
        (
            PG,
            "db.x2g.16xlarge",
            "mx-central-1",
            "16.15",
            NO,
            f"mx-central-1 has no db.x2g.16xlarge for aurora-postgresql ({LIST})",
            "db.r6g.16xlarge, db.r7g.16xlarge, db.r8g.16xlarge",
        ),
        (
            PG,
            "db.t4g.small",
            "",
            "",
            NO,
            f"aurora-postgresql has no db.t4g.small ({LIST})",
            "db.t3.small, db.t4g.large, db.t4g.medium",
        ),
        (
            PG,
            "db.r4.large",
            "us-east-1",
            "16.15",
            NO,
            f"aurora-postgresql 16.15 has no db.r4.large ({LIST})",
            "db.r5.large, db.r6g.large, db.r6i.large",
        ),
        (
            MYSQL,
            "db.r9g.large",
            "eu-west-1",
            "",
            NEWER,
            "db.r9g.large isn't on the list of 2026-10-20 in any region",
            "",
        ),
        (
            PG,
            "db.r6g.large",
            "eu-north-9",
            "16.15",
            NEWER,
            "eu-north-9 isn't on the list of 2026-10-20, nor what it has of db.r6g.large",
            "",
        ),
    ],
)
def test_a_class_that_it_cant(
    engine: Engine, name: str, region: str, engine_version: str, offer: Offer, found: str, instead: str
) -> None:
    answer = instance_class(engine, name, region=region, engine_version=engine_version)
    assert answer == Answer(offer, found, instead)

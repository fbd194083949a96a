from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.budget.ceiling import ceiling, default, reserved, serverless_class
from headroom.budget.facts import fact, instance_class, instance_classes
from headroom.budget.formula import FormulaError
from headroom.budget.model import Cluster, Engine, Instance, InstanceClass, Interval, Serverless
from tests.budget.oracle import classes

PG_DEFAULT = "LEAST({DBInstanceClassMemory/9531392},5000)"
MYSQL_DEFAULT = "GREATEST({log(DBInstanceClassMemory/805306368)*45},{log(DBInstanceClassMemory/8187281408)*1000})"
DOCUMENTED = [
    (engine, known, value)
    for known in classes()
    for engine, value in ((Engine.MYSQL, known.documented_mysql), (Engine.POSTGRESQL, known.documented_postgresql))
    if value is not None
]


def of(
    known: InstanceClass,
    engine: Engine = Engine.POSTGRESQL,
    own: int | str | None = None,
    serverless: Serverless | None = None,
    cluster: int | str | None = None,
) -> Interval:
    """The ceiling of one instance of that class, with its own parameter and the cluster's."""
    instance = Instance(name="writer", instance_class=known, writer=True, max_connections=own)
    return ceiling(
        instance, Cluster(engine=engine, instances=(instance,), max_connections=cluster, serverless=serverless)
    )


def test_the_csv_documents_every_class_for_mysql_and_the_older_families_for_postgresql() -> None:
    assert len([value for engine, _, value in DOCUMENTED if engine is Engine.MYSQL]) == len(classes()) == 61
    assert len([value for engine, _, value in DOCUMENTED if engine is Engine.POSTGRESQL]) == 26


# Of 16 and 32 GiB, as db.r6g.large and xlarge with 1,722 and 3,479: 16 GiB / 9,531,392 bytes are 1,802.
ROUNDED_BY_AWS = {("db.r5.large", Engine.POSTGRESQL): 1802, ("db.r5.xlarge", Engine.POSTGRESQL): 3604}


@pytest.mark.parametrize(("engine", "known", "value"), DOCUMENTED)
def test_a_documented_value_is_the_ceiling_but_for_two_that_are_its_low_end(
    engine: Engine, known: InstanceClass, value: int
) -> None:
    assert of(known, engine) == Interval(value, ROUNDED_BY_AWS.get((known.name, engine), value), "documented")


@pytest.mark.parametrize("known", [known for known in classes() if known.documented_postgresql], ids=lambda c: c.name)
def test_the_ceiling_covers_what_a_class_with_the_same_memory_has(known: InstanceClass) -> None:
    """Families differ by a few percent in what AWS takes for itself; only the T classes are less than the others."""
    like = [c for c in classes() if c.memory_gib == known.memory_gib and c.documented_postgresql]
    if known.name[3] != "t":
        assert of(known).high >= max(c.documented_postgresql or 0 for c in like)


def test_a_class_with_little_memory_is_bounded_below_serverless_with_as_much() -> None:
    """1 ACU has 2 GiB and 189; db.t3.small's PostgreSQL default was never documented."""
    assert of(instance_class("db.t3.small")) == Interval(160, 225, "bound")
    one = InstanceClass(name="db.new.micro", vcpus=1, memory_gib=1)
    assert of(one).low <= 83


@pytest.mark.parametrize(("engine", "known", "value"), DOCUMENTED)
def test_the_bounds_of_a_class_without_documentation_enclose_what_is_documented(
    engine: Engine, known: InstanceClass, value: int
) -> None:
    unknown = replace(known, documented_mysql=None, documented_postgresql=None)
    low, high, basis = of(unknown, engine)
    assert low <= value <= high
    assert basis == "bound"


@pytest.mark.parametrize(("engine", "known", "value"), DOCUMENTED)
def test_the_default_formula_written_out_is_the_default(engine: Engine, known: InstanceClass, value: int) -> None:
    text = PG_DEFAULT if engine is Engine.POSTGRESQL else MYSQL_DEFAULT
    assert fact("connections", engine, "default").value == text
    assert of(known, engine, cluster=text.replace(",", ", ")) == of(known, engine)


@pytest.mark.parametrize(("engine", "known", "value"), DOCUMENTED)
def test_a_formula_that_only_looks_different_encloses_what_is_documented(
    engine: Engine, known: InstanceClass, value: int
) -> None:
    text = PG_DEFAULT if engine is Engine.POSTGRESQL else MYSQL_DEFAULT
    low, high, basis = of(known, engine, cluster=f"LEAST({text},262143)")
    assert low <= value <= high
    assert basis == "formula"


def test_low_is_never_above_high_whatever_the_class_and_the_formula() -> None:
    for known in (*classes(), InstanceClass(name="db.new.large", vcpus=2, memory_gib=12)):
        for engine in Engine:
            for text in (None, 400, "{DBInstanceClassMemory/12582880}", MYSQL_DEFAULT, PG_DEFAULT):
                low, high, _ = of(known, engine, cluster=text)
                assert 1 <= low <= high


def test_a_formula_sees_the_memory_that_a_documented_default_gives_away() -> None:
    """db.r6g.large: 1,722 documented of 1,802 that its whole 16 GiB would give."""
    assert of(instance_class("db.r6g.large"), cluster="{DBInstanceClassMemory/9531392}") == Interval(
        1722, 1722, "formula"
    )
    assert of(instance_class("db.r7g.large"), cluster="{DBInstanceClassMemory/9531392}") == Interval(
        1600, 1802, "formula"
    )


@pytest.mark.parametrize(
    ("engine", "text", "value"),
    [
        (Engine.POSTGRESQL, "{DBInstanceClassMemory/1}", 262_143),
        (Engine.POSTGRESQL, "LEAST(5,{DBInstanceClassMemory/9531392})", 6),
        (Engine.MYSQL, "{DBInstanceClassMemory/1}", 16_000),
        (Engine.MYSQL, "{DBInstanceClassMemory/999999999999}", 1),
    ],
)
def test_a_formulas_value_stays_within_what_the_engine_takes(engine: Engine, text: str, value: int) -> None:
    assert of(instance_class("db.r6g.large"), engine, cluster=text) == Interval(value, value, "formula")


def test_an_explicit_number_is_the_ceiling_and_an_instances_own_goes_before_the_clusters() -> None:
    large = instance_class("db.r6g.large")
    assert of(large, cluster=400) == Interval(400, 400, "explicit")
    assert of(large, cluster=" 400 ") == Interval(400, 400, "explicit")
    assert of(large, own=300, cluster=400) == Interval(300, 300, "explicit")


def test_one_parameter_group_over_mixed_classes_gives_each_its_own_ceiling() -> None:
    text = "{DBInstanceClassMemory/20000000}"
    ceilings = [
        of(instance_class(name), cluster=text).low for name in ("db.t4g.medium", "db.r6g.large", "db.x2g.large")
    ]
    assert ceilings == [193, 820, 1657]


def test_a_text_that_is_no_formula_is_refused() -> None:
    with pytest.raises(FormulaError, match="not a parameter formula: 'plenty'"):
        of(instance_class("db.r6g.large"), cluster="plenty")


SERVERLESS = {
    Engine.POSTGRESQL: {1: 189, 4: 823, 8: 1669, 16: 3360, 32: 5000, 64: 5000, 128: 5000, 192: 5000, 256: 5000},
    Engine.MYSQL: {1: 90, 4: 135, 8: 1000, 16: 2000, 32: 3000, 64: 4000, 128: 5000, 192: 6000, 256: 6000},
}


@pytest.mark.parametrize("engine", list(Engine))
def test_serverless_follows_the_table_of_its_maximum(engine: Engine) -> None:
    for acu, value in SERVERLESS[engine].items():
        capacity = Serverless(min_acu=1, max_acu=acu)
        for parameter in (None, PG_DEFAULT if engine is Engine.POSTGRESQL else MYSQL_DEFAULT):
            found = of(serverless_class(capacity), engine, serverless=capacity, cluster=parameter)
            assert found == Interval(value, value, "documented")


def test_serverless_between_two_points_of_the_table_is_bounded_by_them() -> None:
    capacity = Serverless(min_acu=1, max_acu=20)
    assert of(serverless_class(capacity), serverless=capacity) == Interval(3360, 5000, "bound")


# Aurora User Guide, aurora-serverless-v2.setting-capacity: 0.5-16 ACU: 2,000; 1-16: 3,360; 0.5-1: 189.
@pytest.mark.parametrize(
    ("least", "most", "value"), [(0.5, 16, 2000), (0, 16, 2000), (1, 16, 3360), (0.5, 1, 189), (0.5, 256, 2000)]
)
def test_serverless_postgresql_with_a_small_minimum_has_at_most_2000(least: float, most: float, value: int) -> None:
    capacity = Serverless(min_acu=least, max_acu=most)
    assert of(serverless_class(capacity), serverless=capacity)[:2] == (value, value)
    mysql = of(serverless_class(capacity), Engine.MYSQL, serverless=capacity)
    assert mysql.low == SERVERLESS[Engine.MYSQL][int(most)]


def test_an_explicit_number_above_the_small_minimums_cap_is_doubted() -> None:
    capacity = Serverless(min_acu=0.5, max_acu=64)
    assert of(serverless_class(capacity), serverless=capacity, cluster=3000) == Interval(2000, 3000, "explicit")


def test_a_serverless_cap_is_not_for_the_provisioned_instance_beside_it() -> None:
    capacity = Serverless(min_acu=0.5, max_acu=64)
    assert of(instance_class("db.r6g.xlarge"), serverless=capacity).low == 3479


def test_serverless_formulas_see_the_memory_of_the_table() -> None:
    capacity = Serverless(min_acu=1, max_acu=1)
    found = of(serverless_class(capacity), serverless=capacity, cluster="LEAST({DBInstanceClassMemory/9531392},4999)")
    assert found == Interval(189, 189, "formula")


@pytest.mark.parametrize("engine", list(Engine))
def test_in_a_family_a_larger_class_never_has_a_smaller_ceiling(engine: Engine) -> None:
    families: dict[str, list[InstanceClass]] = {}
    for known in classes():
        families.setdefault(known.name.rpartition(".")[0], []).append(known)
    assert len(families) == 9
    for members in families.values():
        for texts in (None, PG_DEFAULT, "{DBInstanceClassMemory/12582880}"):
            ceilings = [of(known, engine, cluster=texts) for known in sorted(members, key=lambda c: c.memory_gib)]
            assert ceilings == sorted(ceilings, key=lambda limit: limit.low)
            assert ceilings == sorted(ceilings, key=lambda limit: limit.high)


@given(st.sampled_from(list(Engine)), st.floats(0, 8), st.integers(2, 512), st.integers(0, 512))
def test_a_larger_maximum_of_acus_never_has_a_smaller_ceiling(
    engine: Engine, least: float, half: int, more: int
) -> None:
    small, large = (Serverless(min_acu=least, max_acu=min(256, n / 2)) for n in (half, half + more))
    few, many = (of(serverless_class(capacity), engine, serverless=capacity) for capacity in (small, large))
    assert few.low <= many.low
    assert few.high <= many.high


@given(st.sampled_from(list(Engine)), st.floats(2, 2000), st.floats(1, 4))
def test_more_memory_never_bounds_an_unknown_class_lower(engine: Engine, gib: float, factor: float) -> None:
    small, large = (
        default(InstanceClass(name="db.new.large", vcpus=2, memory_gib=size), engine) for size in (gib, gib * factor)
    )
    assert small.low <= large.low
    assert small.high <= large.high


def test_reserved_slots_are_superusers_automations_and_break_glass() -> None:
    assert reserved(Engine.POSTGRESQL, 5) == 3 + 2 + 3 + 5
    assert reserved(Engine.MYSQL, 5) == 3 + 5


def test_the_package_reads_the_classes_as_the_oracle_does() -> None:
    assert list(instance_classes().values()) == classes()

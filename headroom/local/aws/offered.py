"""Which engine versions can be created, and which instance classes a region offers: AWS's lists in cfn-lint's package.

They have a date. What is newer than they are can't be judged: that is a remark, never a refusal. And only what is to be
created is judged: a cluster that runs must stay changeable on a version which can no longer be created, which is a
remark for that reason, too.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from headroom.local.aws.registry import Said, as_of, data
from headroom.local.aws.values import is_unknown

CLUSTER, INSTANCE = "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance"
_NOT_A_SIZE = ("db.serverless",)


class Offered(NamedTuple):
    """What the lists say: refusals, and remarks on what they don't know."""

    refused: list[Said]
    remarks: list[Said]


@cache
def _versions() -> Mapping[str, frozenset[str]]:
    """All versions of each engine that the lists know, those that can no longer be created among them."""
    return _by_engine(data("schemas/extensions/aws_rds_dbcluster/engine_version")["allOf"], "then")


@cache
def _ended() -> Mapping[str, frozenset[str]]:
    """The versions of each engine with which nothing can be created any more."""
    return _by_engine(data("schemas/extensions/aws_rds_dbcluster/engine_version_deprecated")["allOf"], "if")


def _by_engine(rules: list[Any], part: str) -> dict[str, frozenset[str]]:
    return {
        rule["if"]["properties"]["Engine"]["const"]: frozenset(rule[part]["properties"]["EngineVersion"]["enum"])
        for rule in rules
        if "const" in rule["if"]["properties"]["Engine"]
    }


@cache
def _classes() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """The instance classes of each region and engine."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for region, rules in data("schemas/extensions/aws_rds_dbinstance/dbinstanceclass_enum").items():
        engines = found.setdefault(region, {})
        for rule in rules["allOf"]:
            engine = rule["if"]["properties"]["Engine"]["const"]
            engines[engine] = engines.get(engine, frozenset()) | frozenset(
                rule["then"]["properties"]["DBInstanceClass"]["enum"]
            )
    return found


def offered(token: str, values: Mapping[str, Any], region: str, old: Mapping[str, Any]) -> Offered:
    """What the lists say about a cluster or an instance that is to be created."""
    result = Offered([], [])

    def new(name: str) -> Any:
        value = values.get(name)
        return None if value is None or is_unknown(value) or value == old.get(name) else value

    engine = values.get("engine")
    if token in (CLUSTER, INSTANCE) and isinstance(engine, str) and not is_unknown(engine):
        if engine not in _versions():
            result.refused.append(Said("engine", f"must be one of {', '.join(sorted(_versions()))}"))
            return result
        # An instance has its cluster's version: a running cluster gets readers on an ended one, too.
        if token == CLUSTER and (version := new("engineVersion")) is not None and not old:
            _sort(result, _version(engine, str(version)))
        if token == INSTANCE and (size := new("instanceClass")) is not None:
            _sort(result, _class(engine, str(size), region))
    return result


def _sort(result: Offered, found: Iterator[tuple[bool, Said]]) -> None:
    for refused, said in found:
        (result.refused if refused else result.remarks).append(said)


def _version(engine: str, version: str) -> Iterator[tuple[bool, Said]]:
    known, ended = _versions()[engine], _ended().get(engine, frozenset())
    lists = f"(AWS's list of {as_of()})"
    major = version.partition(".")[0]
    later = sorted((one for one in known - ended if one.partition(".")[0] == major), key=_order)
    hint = f": take {later[-1]}" if later else f": the newest that is listed is {max(known - ended, key=_order)}"
    if any(one.startswith(f"{version}.") for one in known - ended):
        return  # a major version alone is the newest of its minors
    if version in ended:
        # Not refused: a preview that starts from nothing takes a cluster that runs for a new one. What is made, the
        # service refuses.
        yield False, Said("engineVersion", f"{engine} {version} can't be created any more{hint} {lists}")
    elif version not in known:
        newest = _order(later[-1]) if later else max(map(_order, known))
        if _order(version) < newest:
            yield True, Said("engineVersion", f"there is no {engine} {version}{hint} {lists}")
        else:
            yield False, Said("engineVersion", f"{engine} {version} is newer than AWS's list of {as_of()}: not checked")


def _class(engine: str, size: str, region: str) -> Iterator[tuple[bool, Said]]:
    by_region = _classes()
    lists = f"(AWS's list of {as_of()})"
    everywhere = frozenset[str]().union(*(engines.get(engine, frozenset()) for engines in by_region.values()))
    if not everywhere or size in _NOT_A_SIZE:
        return
    here = by_region.get(region, {}).get(engine)
    family = size.rsplit(".", 1)[0]
    siblings = sorted(one for one in (here or everywhere) if one.startswith(f"{family}."))
    hint = f": of {family} there are {', '.join(one.rsplit('.', 1)[1] for one in siblings)}" if siblings else ""
    if size not in everywhere:
        any_engine = frozenset[str]().union(*(names for engines in by_region.values() for names in engines.values()))
        if siblings or size in any_engine:
            yield True, Said("instanceClass", f"{engine} has no {size}{hint} {lists}")
        else:
            yield False, Said("instanceClass", f"{size} is not in AWS's list of {as_of()}: not checked")
    elif here is None:
        yield False, Said("instanceClass", f"{region} is not in AWS's list of {as_of()}: {size} not checked")
    elif size not in here:
        yield True, Said("instanceClass", f"{region} doesn't offer {size} for {engine}{hint} {lists}")


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))

"""What AWS lets anybody create: Aurora's engine versions, and the instance classes of a version in a region.

`facts/offers.json` is made by `make facts` from cfn-lint's copy of AWS's own lists, and has their date. Nothing here
looks at a clock: a list says what it says. What is newer than the lists can't be told from what doesn't exist, so it is
`NEWER`, never an error. The lists' quirks are in `headroom/local/facts.py`, which writes the file.
"""

import re
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from headroom.budget import facts
from headroom.budget.model import Engine

FILE = facts.FOLDER / "offers.json"
# Versions that there may be one day, and the beginnings that AWS takes for the newest of theirs.
_SHAPES = {
    Engine.POSTGRESQL: r"[0-9]+(\.[0-9]+)?(-[a-z]+)?",
    Engine.MYSQL: r"[0-9]\.[0-9]+(\.mysql_aurora(\.[0-9]+){3,4})?",
}


class Offer(Enum):
    """What the lists say of a version, or of a class."""

    YES = "yes"
    RETIRED = "retired"  # a version that exists, and that no new cluster can have
    NO = "no"  # it isn't there, and the lists know later or other ones
    NEWER = "newer"  # later than the lists, or of a region or a kind that they don't have: they can't tell


class Answer(NamedTuple):
    """What the lists say.

    Attributes:
        offer: yes, retired, no, or newer than the lists.
        found: a sentence with the lists' date; empty for yes.
        instead: the newest version, or the nearest classes, that are offered.
    """

    offer: Offer
    found: str = ""
    instead: str = ""


class Offers(NamedTuple):
    """The lists.

    Attributes:
        date: of the lists, ISO 8601.
        source: whose copy of them.
        creatable: engine -> whole versions that a new cluster can have, in their order.
        retired: engine -> versions that exist, and that none can have any more.
        regions: region -> engine -> its classes, as `classes` reads them.
        of_versions: engine -> version -> the same; a version without an entry isn't limited.
    """

    date: str
    source: str
    creatable: dict[str, tuple[str, ...]]
    retired: dict[str, tuple[str, ...]]
    regions: dict[str, dict[str, str]]
    of_versions: dict[str, dict[str, str]]


@cache
def offers() -> Offers:
    """The file, read once."""
    import json

    file: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return Offers(
        date=file["date"],
        source=file["source"],
        creatable={engine: tuple(of["creatable"].split()) for engine, of in file["versions"].items()},
        retired={engine: tuple(of["retired"].split()) for engine, of in file["versions"].items()},
        regions=file["regions"],
        of_versions={
            engine: {version: row["classes"] for row in rows for version in row["versions"].split()}
            for engine, rows in file["classes"].items()
        },
    )


@cache
def classes(text: str) -> frozenset[str]:
    """`r6g: large xlarge; serverless` -> db.r6g.large, db.r6g.xlarge, db.serverless."""
    families = (part.partition(": ") for part in text.split("; "))
    return frozenset(
        name
        for family, _, sizes in families
        for name in ([f"db.{family}.{s}" for s in sizes.split()] or [f"db.{family}"])
    )


def version_order(version: str) -> tuple[int, ...]:
    """The numbers of a version, to sort by: `8.0.mysql_aurora.3.10.0` comes after `8.0.mysql_aurora.3.08.2`."""
    return tuple(int(number) for number in re.findall(r"[0-9]+", version))


def version(engine: Engine, wanted: str) -> Answer:
    """Whether a new cluster can have a version; of the beginning of one (`16`, `8.0`) AWS takes the newest.

    >>> version(Engine.POSTGRESQL, "16.15").offer.name, version(Engine.POSTGRESQL, "16.99").offer.name
    ('YES', 'NEWER')
    >>> version(Engine.POSTGRESQL, "16.7").found
    '16.7 is no version of aurora-postgresql (list of 2026-10-20)'
    """
    lists = offers()
    creatable, retired = lists.creatable[engine], lists.retired[engine]
    if _names(wanted, creatable):
        return Answer(Offer.YES)
    newest = newest_like(engine, wanted)
    if _names(wanted, retired):
        return Answer(Offer.RETIRED, f"{wanted} can't be created any more (list of {lists.date})", newest)
    if re.fullmatch(_SHAPES[engine], wanted) and _is_newer(wanted, (*creatable, *retired)):
        return Answer(Offer.NEWER, f"{wanted} isn't on the list of {lists.date}, and is later than what is", newest)
    return Answer(Offer.NO, f"{wanted} is no version of {engine} (list of {lists.date})", newest)


def _names(wanted: str, versions: tuple[str, ...]) -> bool:
    return any(version == wanted or version.startswith(f"{wanted}.") for version in versions)


def newest_like(engine: Engine, wanted: str) -> str:
    """The newest whole version of the same major one that can be created; without one, the engine's newest."""
    usual = sorted((v for v in offers().creatable[engine] if "-" not in v), key=version_order)
    same = [v for v in usual if _major(v) == _major(wanted)]
    return (same or usual)[-1]


def _major(version: str) -> str:
    """`16` of `16.15`; `8.0` of `8.0.mysql_aurora.3.08.0`."""
    return version.partition(".mysql_aurora.")[0] if "mysql" in version else version.partition(".")[0]


def _stream(version: str) -> str:
    """What only its last number tells apart: `16` of 16.15, `8.0.mysql_aurora.3.08` of its patches."""
    return version.rpartition(".")[0]


def _is_newer(wanted: str, listed: tuple[str, ...]) -> bool:
    """Later than all of its stream; or of a stream that is later than all of its major one; or of a later major one.

    Aurora MySQL still gets patches of older minor versions: 3.10.7 may follow 3.10.6 when 3.13.0 is there.
    """
    kind = wanted.partition("-")[2]
    same_kind = [v for v in listed if v.partition("-")[2] == kind]
    for alike in (_stream, _major):
        group = [v for v in same_kind if alike(v) == alike(wanted)]
        if group:
            return version_order(wanted) > max(version_order(v) for v in group)
    return version_order(wanted) > max(version_order(v) for v in listed)


def instance_class(engine: Engine, name: str, *, region: str = "", engine_version: str = "") -> Answer:
    """Whether a new instance can have a class: on the engine and its version, and in the region, where they are known.

    >>> instance_class(Engine.POSTGRESQL, "db.r6g.large", region="eu-west-1", engine_version="16.15").offer.name
    'YES'
    >>> instance_class(Engine.POSTGRESQL, "db.r8g.48xlarge", region="af-south-1").found
    'af-south-1 has no db.r8g.48xlarge for aurora-postgresql (list of 2026-10-20)'
    """
    lists = offers()
    here = classes(lists.regions[region][engine]) if engine in lists.regions.get(region, {}) else None
    if here is None or name not in here:
        answer = _anywhere(engine, name, region, here)
        if answer.offer is not Offer.YES:
            return answer
    limit = lists.of_versions[engine].get(engine_version)
    if limit is not None and name not in classes(limit):
        found = f"{engine} {engine_version} has no {name} (list of {lists.date})"
        return Answer(Offer.NO, found, _near(name, classes(limit) & here if here is not None else classes(limit)))
    if region and here is None:
        return Answer(Offer.NEWER, f"{region} isn't on the list of {lists.date}, nor what it has of {name}")
    return Answer(Offer.YES)


def _anywhere(engine: Engine, name: str, region: str, here: frozenset[str] | None) -> Answer:
    """Of a class that isn't in the region, or whose region isn't known."""
    lists = offers()
    listed = [(of, classes(text)) for engines in lists.regions.values() for of, text in engines.items()]
    of_engine = frozenset[str]().union(*(names for of, names in listed if of == engine))
    if not any(name in names for _, names in listed):
        return Answer(Offer.NEWER, f"{name} isn't on the list of {lists.date} in any region")
    if name not in of_engine:
        found = f"{engine} has no {name} (list of {lists.date})"
        return Answer(Offer.NO, found, _near(name, of_engine if here is None else here))
    if here is not None:
        return Answer(Offer.NO, f"{region} has no {name} for {engine} (list of {lists.date})", _near(name, here))
    return Answer(Offer.YES)


def _near(name: str, offered: frozenset[str]) -> str:
    """Up to three offered classes: known ones before others, of the same size before others, then the most alike."""
    import difflib  # only an error needs it

    known, size = facts.instance_classes(), name.rpartition(".")[2]

    def distance(other: str) -> tuple[bool, bool, float, str]:
        alike = difflib.SequenceMatcher(None, name, other).ratio()
        return other not in known, other.rpartition(".")[2] != size, -alike, other

    return ", ".join(sorted(offered, key=distance)[:3])

"""`make facts`: the lists of what AWS offers, from cfn-lint's copy of them into `headroom/budget/facts/offers.json`.

cfn-lint asks AWS's API and its price list, and ships the answers as JSON schemas. What is odd about them, and what is
made of it here:

- Bare major versions (`16`, `8.0`) are among the versions, and among those that can't be created as soon as one of
  their minor ones is, though AWS still takes them for the newest. They are left out: `offers.version` takes the
  beginning of a version for what it is.
- `16.13-limitless` and its like have one class of their own; they are kept as they are.
- Classes are listed twice: by version, with a pattern for it and all that it begins, and by region. The rows by version
  are the same for every engine (`aurora-mysql` has one for 16.13, and `8.0` is RDS for MySQL's, too): each is the union
  over the engines that have a version of that name. So they only ever admit more than AWS does, and what counts is
  what both lists have. A version without a row is limited by its region alone.
- Aurora MySQL's versions (`8.0.mysql_aurora.3.08.0`) have no row but that of their community version.

Run by an interpreter that has cfn-lint and this project; nothing that runs without `headroom/local` imports cfn-lint.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from headroom.budget.offers import FILE, classes, version_order

ENGINES = ("aurora-mysql", "aurora-postgresql")
LISTS = (
    "extensions/aws_rds_dbcluster/engine_version.json, …_deprecated.json; extensions/aws_rds_dbinstance/…class….json"
)
_MAJOR = re.compile(r"[0-9]+(\.[0-9]+)?")
_SIZES = ("micro", "small", "medium", "large", "xlarge")


def made() -> str:
    """The file's text, from the cfn-lint that is installed."""
    versions = {engine: _versions(engine) for engine in ENGINES}
    regions = {
        region: {engine: _text(row) for engine, row in sorted(engines.items())}
        for region, engines in sorted(_regions().items())
    }
    return _laid_out(
        {
            "source": f"cfn-lint {metadata.version('cfn-lint')}: {LISTS}",
            "date": _read("version.json")["schema_date"][:10],
            "versions": {
                engine: {key: " ".join(sorted(of, key=_by_version)) for key, of in lists.items()}
                for engine, lists in versions.items()
            },
            "classes": {engine: list(_classes(engine, versions[engine]["creatable"])) for engine in ENGINES},
            "regions": regions,
        }
    )


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What is on the one list and not on the other, a line for each engine, region and version."""
    lines = [f"{key}: {before[key]} -> {after[key]}" for key in ("source", "date") if before[key] != after[key]]
    for what, old, new in _entries(before, after):
        added, removed = sorted(new - old, key=_by_version), sorted(old - new, key=_by_version)
        lines += [f"{what}: {sign} {' '.join(names)}" for sign, names in (("+", added), ("-", removed)) if names]
    return lines


def main() -> int:
    """Write the file, and show the difference; in a job of GitHub's, in its summary as well."""
    before = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else json.loads(_EMPTY)
    text = made()
    FILE.write_text(text, encoding="utf-8")
    lines = difference(before, json.loads(text))
    sys.stdout.write("\n".join([*lines, "" if lines else "the lists are as they were\n"]))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        shown = ["```", *lines, "```"] if lines else ["No difference."]
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write("\n".join(["## What AWS offers", "", *shown, ""]))
    return 0


_EMPTY = '{"source": "nothing", "date": "never", "versions": {}, "classes": {}, "regions": {}}'


def _read(path: str) -> Any:
    return json.loads(resources.files("cfnlint").joinpath("data", "schemas", path).read_text(encoding="utf-8"))


def _rules(schema: Mapping[str, Any], engine: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The conditions and consequences that are about an engine."""
    for rule in schema["allOf"]:
        condition = rule["if"]["properties"]
        if condition["Engine"].get("const") == engine:
            then = rule["then"]
            yield condition, then["properties"] if isinstance(then, dict) else {}  # `false`: such versions are gone


def _versions(engine: str) -> dict[str, set[str]]:
    folder = "extensions/aws_rds_dbcluster"
    known = next(then for _, then in _rules(_read(f"{folder}/engine_version.json"), engine))["EngineVersion"]["enum"]
    gone = next(of for of, _ in _rules(_read(f"{folder}/engine_version_deprecated.json"), engine))
    major = {v for v in known if _MAJOR.fullmatch(v) and any(other.startswith(f"{v}.") for other in known)}
    whole = set(known) - major
    retired = whole & set(gone["EngineVersion"]["enum"])
    return {"creatable": whole - retired, "retired": retired}


def _classes(engine: str, creatable: Iterable[str]) -> Iterator[dict[str, str]]:
    """The classes of the creatable versions; versions that have the same share an entry."""
    rows = {
        re.compile(of["EngineVersion"]["pattern"]): frozenset(then["DBInstanceClass"]["enum"])
        for of, then in _rules(_read("extensions/aws_rds_dbinstance/db_instance_class.json"), engine)
    }
    anywhere = frozenset[str]().union(*(engines[engine] for engines in _regions().values() if engine in engines))
    alike: dict[frozenset[str], list[str]] = {}
    for version in sorted(creatable, key=_by_version):
        found = [row for pattern, row in rows.items() if pattern.search(version)]
        if found:
            alike.setdefault(frozenset[str]().union(*found) & anywhere, []).append(version)
    for row, versions in alike.items():
        yield {"versions": " ".join(versions), "classes": _text(row)}


def _regions() -> dict[str, dict[str, frozenset[str]]]:
    found: dict[str, dict[str, frozenset[str]]] = {}
    for region, schema in _read("extensions/aws_rds_dbinstance/dbinstanceclass_enum.json").items():
        for engine in ENGINES:  # one entry for each licence model; they are the same
            for _, then in _rules(schema, engine):
                of = found.setdefault(region, {})
                of[engine] = of.get(engine, frozenset()) | frozenset(then["DBInstanceClass"]["enum"])
    return found


def _text(names: Iterable[str]) -> str:
    """db.r6g.large, db.r6g.xlarge, db.serverless -> `r6g: large xlarge; serverless`."""
    families: dict[str, list[str]] = {}
    for name in names:
        _, family, *size = name.split(".")
        families.setdefault(family, []).extend(size)
    return "; ".join(
        f"{family}: {' '.join(sorted(sizes, key=_by_size))}" if sizes else family
        for family, sizes in sorted(families.items())
    )


def _by_size(size: str) -> tuple[int, int]:
    if size in _SIZES:
        return _SIZES.index(size), 0
    return len(_SIZES), int(size.removesuffix("xlarge"))


def _by_version(version: str) -> tuple[tuple[int, ...], str]:
    return version_order(version), version


def _laid_out(file: Mapping[str, Any]) -> str:
    """JSON with an entry a line, so that a difference in git can be read."""
    text = json.dumps(file, indent=1, ensure_ascii=False)
    return re.sub(r"\{\s+(\"versions\": \"[^\"]*\"),\s+(\"classes\": \"[^\"]*\")\s+\}", r"{\1, \2}", text) + "\n"


def _entries(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, set[str], set[str]]]:
    sides = []
    for file in (before, after):
        side = {
            f"{engine}, {key} versions": set(of.split())
            for engine, lists in file["versions"].items()
            for key, of in lists.items()
        }
        side |= {
            f"{engine} {version}": set(classes(row["classes"]))
            for engine, rows in file["classes"].items()
            for row in rows
            for version in row["versions"].split()
        }
        side |= {
            f"{region}, {engine}": set(classes(text))
            for region, engines in file["regions"].items()
            for engine, text in engines.items()
        }
        sides.append(side)
    old, new = sides
    for what in dict.fromkeys([*old, *new]):
        yield what, old.get(what, set()), new.get(what, set())


if __name__ == "__main__":
    sys.exit(main())

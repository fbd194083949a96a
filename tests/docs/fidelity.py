"""docs/fidelity.md, made of the tables that refuse: which rule of AWS is seen where, and which is not."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headroom.local.aws.prose import RULES
from headroom.local.aws.prose.tags import TAGGED
from headroom.local.aws.registry import as_of, judged
from headroom.local.aws.registry_names import COUNTERPARTS
from headroom.local.aws.table import TYPES
from tests.local.aws.mutations import MUTATIONS
from tests.local.aws.samples import SAMPLES

ROOT = Path(__file__).parents[2]
ROWS = ROOT / "docs/fidelity.toml"
PAGE = ROOT / "docs/fidelity.md"
PLACES = ("settings", "check", "emulator", "pack", "verify", "nowhere")
_LONGEST = 90  # characters of a list in a table
_REGISTRY = "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html"


def rows() -> list[dict[str, str]]:
    """The rows that are written by hand."""
    return list(tomllib.loads(ROWS.read_text(encoding="utf-8"))["rule"])


def page() -> str:
    """The whole page."""
    types = {name: token for name, token, _, _ in SAMPLES}
    bad = [mutation for mutation in MUTATIONS if mutation.at is not None]
    return "\n".join(
        [
            "# What AWS refuses, and where it is seen here",
            "",
            "AWS refuses many values that a program may well compute. These are the rules that this project knows, each with",
            "the page or the data that says it, and the place where a wrong value is refused:",
            "",
            "- *settings*: when the stack's file is read, by every command;",
            "- *check*: in `make preview` and `make up`, by the local AWS plugin, before anything is made;",
            "- *emulator*: in `make up`, when the resource is made;",
            "- *pack*: by the policies, in previews and updates of real accounts as well;",
            "- *verify*: by `headroom verify`, in what is deployed.",
            "",
            f"AWS's lists (resource types, engine versions, instance classes) are those in cfn-lint's package, of {as_of()}.",
            "What is newer than they are is a warning with that date, never an error. A value that isn't known before the",
            f"update is judged in the update. {len(bad)} wrong values are tried by a test (`tests/local/aws/mutations.py`).",
            "",
            "## Rules that stand in this project's own code",
            "",
            "| property | AWS's rule | where | source |",
            "|---|---|---|---|",
            *(
                f"| {_cell(row['property'])} | {_cell(row['rule'])} | "
                f"{row['where']}{': ' + _cell(row['why']) if 'why' in row else ''} | {_link(row['source'])} |"
                for row in rows()
            ),
            "",
            "## Rules that AWS has only in prose",
            "",
            "Where: check. A *remark* is a warning: AWS takes the value, and it doesn't do what is meant.",
            "",
            "| type | property | AWS's rule | source |",
            "|---|---|---|---|",
            *(
                f"| {_kinds(rule.types)} | `{rule.property}` | "
                f"{'*remark:* ' if rule.remark else ''}{_cell(rule.words)} | {_link(rule.source)} |"
                for rule in RULES
            ),
            "",
            "## Rules of AWS's registry",
            "",
            f"Where: check. Source: [the schemas of the resource types]({_REGISTRY})",
            "that CloudFormation registers, and cfn-lint's additions to them. botocore's service model adds its own enumerations, limits and patterns.",
            "",
            "| type | property | AWS's rule |",
            "|---|---|---|",
            *_registry(),
            "",
            "IAM's policy documents are held against cfn-lint's schemas of them. An action that AWS's list doesn't have is a",
            "remark.",
            "",
            "Without a counterpart in the registry, so judged by the other tables only:",
            "",
            *(f"- {_short(token)}: {', '.join(names)}" for token, names in without_counterpart().items() if names),
            "",
            "## Accepted although AWS refuses it, or although it does nothing",
            "",
            "| type | property | value | why |",
            "|---|---|---|---|",
            *(
                f"| {_short(types[gap.sample])} | `{gap.property}` | `{_cell(json.dumps(gap.value))}` | {_cell(gap.why)} |"
                for gap in MUTATIONS
                if gap.at is None
            ),
            "",
        ]
    )


def without_counterpart() -> dict[str, list[str]]:
    """The properties of each type that the registry doesn't know."""
    return {
        token: [
            name
            for name in judged(token, "us-east-1").without_counterpart()
            if name not in ("region", "tags", "namePrefix") and name.partition(".")[0] not in TYPES[token].refused
        ]
        for token in COUNTERPARTS
    }


def _registry() -> Iterator[str]:
    for token in COUNTERPARTS:
        for name, rule in judged(token, "us-east-1").rules():
            words = _words(rule)
            if words and name.partition(".")[0] not in ("tags", *TYPES[token].refused):
                yield f"| {_short(token)} | `{name}` | {_cell(words)} |"


def _words(rule: Any) -> str:
    if not isinstance(rule, Mapping):
        return ""
    parts = []
    if "enum" in rule:
        parts.append("one of " + ", ".join(str(one) for one in rule["enum"]))
    for what, low, high in (("", "minimum", "maximum"), ("characters", "minLength", "maxLength"),
                            ("entries", "minItems", "maxItems")):  # fmt: skip
        if rule.get(low) or high in rule:
            limits = f"{rule.get(low, 0)} to {rule[high]}" if high in rule else f"at least {rule[low]}"
            parts.append(f"{limits} {what}".strip())
    if "pattern" in rule:
        parts.append(f"matches `{rule['pattern']}`")
    forms = (
        [rule["format"]] if "format" in rule else [part["format"] for part in rule.get("anyOf", ()) if "format" in part]
    )
    if forms:
        parts.append("has the form of " + " or ".join(forms))
    return "; ".join(part if len(part) <= _LONGEST else f"{part[:_LONGEST]}…" for part in parts)


def _kinds(tokens: tuple[str, ...]) -> str:
    return "every type with tags" if tokens == TAGGED else ", ".join(map(_short, tokens))


def _short(token: str) -> str:
    module, name = token.removeprefix("aws:").partition("/")[0], token.rpartition(":")[2]
    return f"{module}.{name}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _link(source: str) -> str:
    place, _, what = source.partition(" ")
    name = place.rsplit("/", 1)[-1].removesuffix(".html")
    return f"[{name}]({place}) {what}".strip() if place.startswith("http") else source

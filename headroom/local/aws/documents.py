"""IAM's policy documents against cfn-lint's schemas of them, and the actions against AWS's list of actions."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from headroom.local.aws.judge import Path, judge
from headroom.local.aws.naming import parse_json
from headroom.local.aws.registry import Said, as_of, data, text
from headroom.local.aws.values import is_unknown

_IDENTITY, _RESOURCE, _TRUST = "policy_identity", "policy_resource", "policy_trust"
DOCUMENTS: Mapping[tuple[str, str], str] = {
    ("aws:iam/role:Role", "assumeRolePolicy"): _TRUST,
    ("aws:iam/rolePolicy:RolePolicy", "policy"): _IDENTITY,
    ("aws:kms/key:Key", "policy"): _RESOURCE,
    ("aws:secretsmanager/secret:Secret", "policy"): _RESOURCE,
    ("aws:secretsmanager/secretPolicy:SecretPolicy", "policy"): _RESOURCE,
    ("aws:sns/topic:Topic", "policy"): _RESOURCE,
    ("aws:sns/topicPolicy:TopicPolicy", "policy"): _RESOURCE,
}
_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?-]+")
PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"


def policy(token: str, name: str, value: Any) -> Iterator[Said]:
    """What IAM's grammar says against a policy document."""
    kind = DOCUMENTS.get((token, name))
    document = parse_json(value) if kind and isinstance(value, str) and not is_unknown(value) else None
    if kind is None or document is None:
        return
    schema = _schema(kind)
    seen = set()
    for wrong in judge(document, schema, lambda reference: _find(kind, reference)):
        if wrong.path not in seen:
            words = wrong.words
            for index, member in enumerate(wrong.names):
                words = words.replace(f"{{{index}}}", member)
            yield Said(name, f"{_shown(wrong.path) or 'the document'}: {words}")
        seen.add(wrong.path)
    for place, action in actions(document):
        if not _ACTION.fullmatch(action):
            yield Said(name, f"{place}: must be service:Action, got {action}")


def unknown_actions(token: str, name: str, value: Any) -> Iterator[Said]:
    """Actions that AWS's list doesn't have. IAM takes them, and they allow nothing."""
    document = parse_json(value) if (token, name) in DOCUMENTS and isinstance(value, str) else None
    for place, action in actions(document):
        prefix, _, verb = action.lower().partition(":")
        pattern = re.escape(verb).replace(r"\*", ".*").replace(r"\?", ".")
        if verb and not any(re.fullmatch(pattern, one) for one in _actions(prefix)):
            yield Said(name, f"{place}: {action} is no action in AWS's list of {as_of()}")


def actions(document: Any) -> Iterator[tuple[str, str]]:
    """Every action of a document, with its place."""
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    for index, statement in enumerate(statements if isinstance(statements, list) else [statements]):
        for key in ("Action", "NotAction"):
            found = statement.get(key, []) if isinstance(statement, dict) else []
            for action in found if isinstance(found, list) else [found]:
                if isinstance(action, str):
                    yield f"Statement[{index}].{key}", action


@cache
def _schema(name: str) -> Any:
    return data(f"schemas/other/iam/{name}")


_text = cache(text)


@cache
def _actions(prefix: str) -> frozenset[str]:
    """The actions of one service, in lower case; none if the list doesn't know the service."""
    services = _text("AdditionalSpecs/Policies")
    head = f'\n "{prefix}": '
    place = services.find(f"{head}{{")
    found = json.JSONDecoder().raw_decode(services, place + len(head))[0]["Actions"] if place >= 0 else ()
    return frozenset(action.lower() for action in found)


def _find(kind: str, reference: str) -> Any:
    """A schema that another one names: #/definitions/Action here, policy#/definitions/Action in the common file."""
    file, _, path = reference.partition("#/")
    place = _schema("policy" if file == "policy" else kind)
    for part in path.split("/"):
        place = place[part]
    return place if file != "policy" else _absolute(place)


def _absolute(schema: Any) -> Any:
    """The common file's own references, made to say that they are its own."""
    if isinstance(schema, dict):
        return {
            key: f"policy{value}" if key == "$ref" and str(value).startswith("#") else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema


def _shown(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text

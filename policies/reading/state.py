"""The resources of a stack as its state has them: what is deployed, instead of what an update would make."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policies.reading import types as t
from policies.reading.resources import SIGNATURE, WRAPPED, Resource, Resources, region_of

#: What the engine's own `policy analyze` shows of a secret that it can't read. No rule needs to read one.
SECRET = "[secret]"  # noqa: S105  (that is the point)


#: How many errors of a state are named one by one.
SHOWN = 5


class StateError(ValueError):
    """What is given is no state of a stack."""


def read_state(document: object) -> Resources:
    """The resources of what `pulumi stack export` writes, or of a state file of the engine's own backends.

    Raises:
        StateError: it is neither; the message says what is missing, or each thing that is of another shape, one a line.
    """
    resources = _resources(document)
    wrong = [error for index, each in enumerate(resources) for error in _wrong(f"deployment.resources[{index}]", each)]
    if wrong:
        more = [f"and {len(wrong) - SHOWN} more of its resources' parts"] if len(wrong) > SHOWN else []
        raise StateError("\n".join([*wrong[:SHOWN], *more]))
    # What is only waiting for its deletion is gone. What the program only reads (`Cluster.get`) is another stack's, or
    # nobody's; the engine doesn't show it to the pack either.
    live = [r for r in resources if not (r.get("delete") or r.get("external"))]
    parents = {r["urn"]: r.get("parent") or "" for r in live}
    providers = {f"{r['urn']}::{r.get('id')}": r.get("inputs") or {} for r in live if r["type"] == t.PROVIDER}
    try:
        return Resources((_resource(r, providers) for r in live if r["type"] in t.READ), parents)
    except RecursionError:
        raise StateError("has values that are nested too deeply for a state") from None


def environment_of(resources: Resources) -> str | None:
    """The environment that the stack was deployed for, where our component says so."""
    budgets = resources.of(t.BUDGET)
    value = budgets[0].field("environment") if budgets else None
    return value if isinstance(value, str) else None


def _resources(document: object) -> list[dict[str, Any]]:
    deployment: Any = document
    for key in ("checkpoint", "latest", "deployment"):
        if isinstance(deployment, dict) and key in deployment:
            deployment = deployment[key]
    resources = deployment.get("resources", []) if isinstance(deployment, dict) else None
    if not isinstance(resources, list) or deployment is document:
        raise StateError("has no deployment: it must be what `pulumi stack export` writes")
    return resources


def _wrong(place: str, resource: Any) -> Iterator[str]:
    """What is of another shape than the engine writes it. Values aren't shown: they may be secret."""
    if not (isinstance(resource, dict) and all(isinstance(resource.get(name), str) for name in ("urn", "type"))):
        yield f"{place} has no urn and type: it isn't a resource of a stack"
        return
    for names, what, fits in _SHAPES:
        for name in names:
            value = resource.get(name)
            if value is not None and not fits(value):
                yield f"{place}.{name} must be {what}"


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


#: Parts of a resource, each of which may be left out -> what they are.
_SHAPES: tuple[tuple[tuple[str, ...], str, Callable[[Any], bool]], ...] = (
    (("parent", "provider"), "text", lambda value: isinstance(value, str)),
    (("delete", "external"), "true or false", lambda value: isinstance(value, bool)),
    (("inputs", "outputs"), "an object", lambda value: isinstance(value, dict)),
    (("dependencies", "ignoreChanges"), "a list of texts", _texts),
    (
        ("propertyDependencies",),
        "an object of lists of texts",
        lambda value: isinstance(value, dict) and all(each is None or _texts(each) for each in value.values()),
    ),
)


def _resource(state: Mapping[str, Any], providers: Mapping[str, Mapping[str, Any]]) -> Resource:
    inputs, outputs = state.get("inputs") or {}, state.get("outputs") or {}
    # What the provider marks as a secret is one in the state even where it is empty: only one that was given is there.
    given = {name: value for name, value in outputs.items() if name in inputs or not _encrypted(value)}
    properties = {**inputs, **given}
    provider = state.get("provider") or ""
    return Resource(
        type_=state["type"],
        urn=state["urn"],
        properties={name: _value(value) for name, value in properties.items()},
        parent=state.get("parent") or "",
        dependencies=tuple(state.get("dependencies") or ()),
        property_dependencies={
            name: tuple(urns or ()) for name, urns in (state.get("propertyDependencies") or {}).items()
        },
        ignore_changes=tuple(state.get("ignoreChanges") or ()),
        provider=provider,
        region=region_of(properties, providers.get(provider, {})),
    )


def _encrypted(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(SIGNATURE) in WRAPPED and "plaintext" not in value


def _decrypted(plaintext: Any) -> Any:
    try:
        return json.loads(plaintext)
    except (TypeError, ValueError):
        raise StateError("holds a secret whose plaintext isn't JSON, as the engine writes it") from None


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) in WRAPPED:
            return SECRET if _encrypted(value) else _value(_decrypted(value["plaintext"]))
        return {key: _value(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_value(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value

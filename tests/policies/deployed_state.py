"""A declared stack as the engine's state has it once it is deployed: what was unknown is known."""

from collections.abc import Mapping
from typing import Any

from policies.reading import types as t
from policies.reading.aurora import DIMENSION_READERS
from policies.reading.field import UNKNOWN
from tests.policies.declared import Declared

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}


def deployed(declared: Declared) -> dict[str, Any]:
    """What `pulumi stack export` would write."""
    resources = []
    for resource in declared.resources():
        known = _known(resource.properties, f"{resource.name}-of-aws")
        if "scalableDimension" in known:
            known["scalableDimension"] = DIMENSION_READERS  # the tests' only one; refers to the target's
        component = resource.type_ == t.BUDGET
        resources.append(
            {
                "urn": resource.urn,
                "type": resource.type_,
                "custom": not component,
                "inputs": {} if component else known,
                "outputs": known,
                "parent": resource.parent or None,
                "dependencies": list(resource.dependencies),
                "propertyDependencies": {k: list(v) for k, v in resource.property_dependencies.items()},
            }
        )
    return {"version": 3, "deployment": {"manifest": {}, "resources": resources}}


def _known(value: Any, instead: str) -> Any:
    if value is UNKNOWN:
        return instead
    if isinstance(value, Mapping):
        return {key: _known(each, instead) for key, each in value.items()}
    return [_known(each, instead) for each in value] if isinstance(value, list) else value

"""A parameter group's parameters: would AWS take them? By AWS's own lists, in `headroom.parameter_groups`."""

from collections.abc import Iterator, Mapping
from typing import Any

from headroom import parameter_groups
from headroom.local.aws.values import is_unknown

_LEVELS = {
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": "cluster",
    "aws:rds/parameterGroup:ParameterGroup": "instance",
}


def refused(token: str, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Property and reason for what AWS refuses."""
    return ((path, problem.reason) for path, problem in _problems(token, inputs) if problem.certain)


def doubtful(token: str, inputs: Mapping[str, Any]) -> list[str]:
    """What the lists don't suffice to judge, a sentence each."""
    return [f"{path}: {problem.reason}" for path, problem in _problems(token, inputs) if not problem.certain]


def _problems(token: str, inputs: Mapping[str, Any]) -> Iterator[tuple[str, parameter_groups.Problem]]:
    family, items = inputs.get("family"), inputs.get("parameters", [])
    if token not in _LEVELS or not isinstance(family, str) or is_unknown(family):
        return
    items = items if isinstance(items, list) else []  # another kind is said elsewhere
    given = [_given(item) for item in items]
    hidden = "parameters" in getattr(inputs, "secrets", ())
    for problem in parameter_groups.problems(family, _LEVELS[token], given):
        path = f"parameters[{problem.position}].{problem.field}" if problem.position >= 0 else problem.field
        shown = repr(given[problem.position].value) if problem.field == "value" else ""
        reason = problem.reason.replace(shown, "[secret]") if hidden and shown else problem.reason
        yield path, problem._replace(reason=reason)


def _given(item: Any) -> parameter_groups.Given:
    item = item if isinstance(item, Mapping) else {"name": None}
    name, value, method = (
        text if isinstance(text, str) and not is_unknown(text) else None
        for text in (item.get("name"), item.get("value"), item.get("applyMethod", "immediate"))
    )
    return parameter_groups.Given(name, value, method)

"""Would AWS take these parameters in a group of this family?"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headroom.parameter_groups.family import READ, Family, Parameter, families, family, newest

LEVELS = ("cluster", "instance")
_APPLY_METHODS = ("immediate", "pending-reboot")
_RANGE = re.compile(r"(-?[\d.]+(?:e\+\d+)?)-(-?[\d.]+(?:e\+\d+)?)")
_NUMBER = {
    "integer": re.compile(r"[+-]?\d+"),
    "float": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE),
}
# RDS User Guide, USER_ParamValuesRef: AWS turns these into 0 and 1, in any case. `yes` and `no` aren't among them.
_BOOLEANS = ("0", "1", "true", "false", "on", "off")
# The same page: formulas, and what they may name.
_FORMULA = re.compile(r"\s*(?:(?:LEAST|GREATEST|SUM|IF)\s*\(|\$?\{).*[)}]\s*", re.IGNORECASE | re.DOTALL)
_WORDS = {
    *("AllocatedStorage", "DBInstanceClassMemory", "DBInstanceVCPU", "EndPointPort", "TrueIfReplica"),
    *("LEAST", "GREATEST", "SUM", "IF", "log"),
}
# Families of engines beside Aurora: real ones, of which there is no list here.
_OTHER_ENGINES = re.compile(
    r"(postgres|mysql|mariadb|oracle-|sqlserver-|db2-|custom-|docdb|neptune|aurora5\.6|aurora-serverless)[\w.-]*"
)
_VERSION = re.compile(r"(aurora-postgresql|aurora-mysql)(\d+(?:\.\d+)?)")
_MAJORS_AHEAD = 2  # PostgreSQL brings one a year, Aurora MySQL fewer: that far a list may lag, not farther


class Given(NamedTuple):
    """A parameter of a group; None: not known yet (or never: then nothing is said of it)."""

    name: str | None
    value: str | None
    apply_method: str | None = "immediate"


class Problem(NamedTuple):
    """What is wrong.

    Attributes:
        position: of the parameter, from 0; -1: the group's family.
        field: "name", "value", "applyMethod" or "family".
        reason: what, why by which list, and what to do, as the rest of a sentence that begins with the parameter.
        certain: AWS refuses it; False: the lists here don't suffice to say so.
        code, message: AWS's own answer.
    """

    position: int
    field: str
    reason: str
    certain: bool
    code: str
    message: str


def problems(family_name: str, level: str, parameters: Sequence[Given]) -> list[Problem]:
    """Everything that AWS would refuse, or that can't be told, in a group's order.

    Args:
        family_name: "aurora-postgresql16".
        level: "cluster" or "instance".
        parameters: what the group sets.
    """
    known = family(family_name)
    found = list(unknown_family(family_name))
    first: dict[str, int] = {}
    for index, given in enumerate(parameters):
        if given.apply_method is not None and given.apply_method not in _APPLY_METHODS:
            reason = f"must be immediate or pending-reboot, got {given.apply_method!r}"
            message = f"Invalid apply method: {given.apply_method}"
            found.append(Problem(index, "applyMethod", reason, True, "InvalidParameterValue", message))
        if given.name is None:
            continue
        if given.name in first:
            reason = f"{given.name} is given twice: parameters[{first[given.name]}] sets it too"
            message = f"Parameter {given.name} is specified more than once."
            found.append(Problem(index, "name", reason, True, "InvalidParameterValue", message))
        first.setdefault(given.name, index)
        if known is not None and known.parameters:
            found += _one(known, level, index, given, given.name)
    return found


def unknown_family(name: str) -> Iterator[Problem]:
    """A family that AWS doesn't have (certain), or that is newer than the lists."""
    if name in families() or _OTHER_ENGINES.fullmatch(name):
        return
    engine = _VERSION.fullmatch(name)
    if engine and 0 < _major(engine[2]) - _major(newest(engine[1])) <= _MAJORS_AHEAD:
        reason = f"{name} is newer than the lists here, of {READ}: its parameters aren't checked"
        yield Problem(-1, "family", reason, False, "", "")
        return
    known = ", ".join(sorted(families(), key=_order))
    reason = f"AWS has no family {name!r}; Aurora's are {known}"
    message = f"ParameterGroupFamily {name} is not a valid parameter group family"
    yield Problem(-1, "family", reason, True, "InvalidParameterValue", message)


def _one(known: Family, level: str, index: int, given: Given, name: str) -> Iterator[Problem]:
    parameter = known.parameters.get(name)
    if parameter is None or (level == "instance" and parameter.level == "cluster"):
        yield _absent(known, level, index, name)
        return
    if parameter.modifiable == "no":
        reason = f"{name} can't be modified in {known.name}, by AWS's list of {known.list} ({READ}): leave it out"
        message = f"The parameter {name} cannot be modified."
        yield Problem(index, "name", reason, known.complete, "InvalidParameterValue", message)
    if parameter.apply == "static" and given.apply_method == "immediate":
        reason = (
            f"{name} is static: it takes effect after a reboot, and AWS refuses `immediate` for it, which is what an "
            "omitted apply method means; write pending-reboot"
        )
        message = "cannot use immediate apply method for static parameter"
        yield Problem(index, "applyMethod", reason, True, "InvalidParameterCombination", message)
    if given.value is not None and (allowed := _refused(parameter, given.value)):
        reason = f"{name} takes {allowed}, got {given.value!r}"
        listed = parameter.allowed.removesuffix(",...") or ("0,1" if parameter.type == "boolean" else parameter.type)
        message = f"Invalid parameter value: {given.value} for: {name} allowed values are: {listed}"
        certain = _is_certain(known, parameter, given.value)
        yield Problem(index, "value", reason, certain, "InvalidParameterValue", message)


def _absent(known: Family, level: str, index: int, name: str) -> Problem:
    code, message = "InvalidParameterValue", f"Could not find parameter with name: {name}"
    if name in known.parameters:
        reason = f"{name} is a parameter of {known.name}'s cluster groups, not of its instances': set it there"
        return Problem(index, "name", reason, known.list == known.name, code, message)
    near = _near(known, level, name)
    hint = f"; did you mean {near}?" if near else ""
    if known.name.startswith("aurora-postgresql") and not _is_of_aws(name):
        hint += "; a setting of PostgreSQL that no group has can be set for a role: ALTER ROLE … SET"
    if known.complete and (not _is_of_aws(name) or near):
        reason = f"{known.name} has no parameter {name}: AWS's list of it ({READ}) is complete{hint}"
        return Problem(index, "name", reason, True, code, message)
    reason = (
        f"{name} isn't in the list of {known.list}'s parameters ({READ}), "
        + (
            "which lacks what AWS and extensions added since"
            if known.complete
            else f"and there is no complete one of {known.name}"
            if known.list != known.name
            else "which isn't complete"
        )
        + f": AWS may answer `{message}`{hint}"
    )
    return Problem(index, "name", reason, False, code, message)


def _is_of_aws(name: str) -> bool:
    """A parameter of AWS's own, or of an extension: minor versions add some, as they never do to the engine's own."""
    return "." in name or name.startswith(("apg_", "aurora_", "ansi_"))


def _near(known: Family, level: str, name: str) -> str:
    import difflib  # only an error needs it

    names = [n for n, p in known.parameters.items() if level == "cluster" or p.level == "both"]
    return next(iter(difflib.get_close_matches(name, names, 1, cutoff=0.88)), "")


def _refused(parameter: Parameter, value: str) -> str:
    """What the parameter takes, in words; empty if it takes the value, or if the list doesn't say."""
    if parameter.type == "boolean":
        return "" if value.lower() in _BOOLEANS else "0 or 1 (also on, off, true, false)"
    if parameter.type in _NUMBER:
        return _refused_number(parameter, value)
    allowed = [item.strip() for item in parameter.allowed.split(",")]
    if parameter.allowed in ("", value) or not allowed:
        return ""
    wanted = {item.lower() for item in allowed}
    if all(part.strip().lower() in wanted for part in value.split(",")):
        return ""
    end = " (and what AWS added since)" if allowed[-1] == "..." else ""
    return f"{', '.join(item for item in allowed if item != '...')}{end}"


def _refused_number(parameter: Parameter, value: str) -> str:
    if _FORMULA.fullmatch(value):
        strange = sorted(set(re.findall(r"[A-Za-z]\w*", value)) - _WORDS)
        return f"a formula of {', '.join(sorted(_WORDS, key=str.lower))}" if strange else ""
    limits = _RANGE.fullmatch(parameter.allowed)
    kind = "a whole number" if parameter.type == "integer" else "a number"
    words = f"{kind} from {limits[1]} to {limits[2]}" if limits else kind
    if not _NUMBER[parameter.type].fullmatch(value.strip()):
        return f"{words}, or a formula of the instance's class"
    return words if limits and not float(limits[1]) <= float(value) <= float(limits[2]) else ""


def _is_certain(known: Family, parameter: Parameter, value: str) -> bool:
    """Numbers of the engine's own hold in every version; AWS's choices among words, and its own numbers, may grow."""
    if parameter.allowed.endswith("...") or value.lower() in ("yes", "no", "y", "n", "t", "f"):
        return False  # those the engine takes as booleans: what AWS says to them isn't known
    if parameter.type == "boolean" or known.complete or parameter.name == "log_connections":  # see families.toml
        return True
    return parameter.type in _NUMBER and not _is_of_aws(parameter.name)


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _order(name: str) -> tuple[str, float]:
    engine, version = re.fullmatch(r"(\D+)([\d.]+)", name).groups()  # type: ignore[union-attr]
    return engine, float(version)

"""The forms of single values: text patterns, networks, formulas, times; each refusal says the form."""

import ipaddress
import re
from datetime import datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictStr,
    StringConstraints,
)

from headroom.budget import formula

DAY_SECONDS = 86_400


def text(pattern: str) -> StringConstraints:
    r"""Text of a given form. `\\Z` where others write `$`: `$` lets a trailing newline pass."""
    return StringConstraints(strict=True, pattern=rf"^{pattern}\z")


Slug = Annotated[str, text(r"[a-z][a-z0-9]*(-[a-z0-9]+)*"), Field(max_length=40)]
User = Annotated[str, text(r"[a-z][a-z0-9_-]{0,62}")]
InstanceClassName = Annotated[str, text(r"db\.[a-z0-9-]{1,30}(\.[a-z0-9-]{1,20})?")]
Seconds = Annotated[int, Field(strict=True, ge=1, le=DAY_SECONDS)]


class Section(BaseModel):
    """A mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _network(text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError("must be an IPv4 network such as 10.20.0.0/16, without host bits") from error
    if not any(
        network.subnet_of(ipaddress.IPv4Network(private))
        for private in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    ):
        raise ValueError("must be private (within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)")
    if not 16 <= network.prefixlen <= 22:
        raise ValueError(
            "must be between /16 (AWS's largest) and /22 (a proxy may need 215 addresses in each of four subnets)"
        )
    return text


Cidr = Annotated[StrictStr, AfterValidator(_network)]


def _max_connections(value: object) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a whole number or a formula")  # noqa: TRY004 (pydantic collects ValueErrors only)
    if len(value) > 255 or not value.isascii() or not value.isprintable():
        raise ValueError("must be a formula of at most 255 printable ASCII characters")
    try:
        evaluate = formula.parse(value)
        for gib in (0.5, 65_536):  # below and above every class's memory: a formula that fails, fails here
            evaluate(formula.Inputs(memory_bytes=gib * 2**30, vcpus=2))
    except ValueError as error:
        raise ValueError(
            f"must be a whole number, or a formula that AWS reads ({str(error).rpartition(': ')[2]})"
        ) from error
    return value


def one_of(*allowed: int) -> AfterValidator:
    """One of the allowed numbers."""

    def check(value: int) -> int:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(map(str, allowed))}")
        return value

    return AfterValidator(check)


MaxConnections = Annotated[int | str, BeforeValidator(_max_connections)]

_YEARS = (2000, 2100)  # at the ends of the calendar a lead before or an hour's shift has no date
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")


def _time(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("must be a time with its offset")
    try:
        time = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"must be a time that exists ({error})") from error
    if not _YEARS[0] <= time.year <= _YEARS[1]:
        raise ValueError(f"must be in the years {_YEARS[0]} to {_YEARS[1]}")
    return time


Time = Annotated[datetime, BeforeValidator(_time)]

"""What the checks of RDS's operations share: how to refuse, and what a request may refer to."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.rds.exceptions import RDSClientError
from moto.rds.responses import RDSResponse
from moto.secretsmanager.models import secretsmanager_backends
from moto.utilities.utils import get_partition

from headroom.local.moto_extension.wrap import wrap

Check = Callable[[Any], None]  # is given moto's response object, with `params`; raises what AWS answers
_IDENTIFIER = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9])*")


def before(operation: str, *checks: Check) -> None:
    """Run the checks before an operation of RDS, such as create_db_cluster."""

    def around(original: Callable[..., Any], self: Any) -> Any:
        for check in checks:
            check(self)
        return original(self)

    wrap(RDSResponse, operation, around)


def refuse(code: str, message: str) -> NoReturn:
    """Answer with an error."""
    raise RDSClientError(code, message)


def invalid(message: str) -> NoReturn:
    """Answer InvalidParameterValue."""
    refuse("InvalidParameterValue", message)


def identifier(member: str, most: int = 63) -> Check:
    """A name in RDS's form, of at most so many characters."""

    def check(request: Any) -> None:
        name = request.params.get(member)
        if name is not None and not (len(name) <= most and _IDENTIFIER.fullmatch(name)):
            invalid(
                f"The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must contain "
                "only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive "
                "hyphens."
            )

    return check


def between(member: str, low: float, high: float, what: str) -> Check:
    """A number in its range, both included."""

    def check(request: Any) -> None:
        value = request.params.get(member)
        if value is not None and not low <= value <= high:
            invalid(f"Invalid {what}: {value}. Must be between {low} and {high}.")

    return check


def one_of(member: str, *allowed: Any) -> Check:
    """One of a few values."""

    def check(request: Any) -> None:
        value = request.params.get(member)
        if value is not None and value not in allowed:
            invalid(f"Invalid {member}: {value}. Must be one of {', '.join(map(str, allowed))}.")

    return check


def security_groups(member: str = "VpcSecurityGroupIds") -> Check:
    """Security groups that are there."""

    def check(request: Any) -> None:
        for group in request.params.get(member) or ():
            if ec2(request).get_security_group_from_id(group) is None:
                invalid(f"Invalid security group , groupId= {group}, groupName=.")

    return check


def keys(*members: str) -> Check:
    """KMS keys that are there; AWS makes its own (alias/aws/rds) when they are first used."""

    def check(request: Any) -> None:
        for member in members:
            key = request.params.get(member)
            if key and "alias/aws/" not in key:
                request.backend._validate_kms_key(key)  # noqa: SLF001  (it raises AWS's own fault)

    return check


def has_role(request: Any, arn: str) -> bool:
    """Whether an IAM role is there."""
    roles = iam_backends[request.current_account][get_partition(request.region)].get_roles()
    return any(role.arn == arn for role in roles)


def has_secret(request: Any, arn: str) -> bool:
    """Whether a secret is there, by ARN or name."""
    secrets = secretsmanager_backends[request.current_account][request.region].secrets
    return any(arn in (secret.arn, secret.name) for secret in secrets.values())


def zones(request: Any, subnets: Iterable[str]) -> set[str]:
    """The availability zones of subnets."""
    return {ec2(request).get_subnet(subnet).availability_zone for subnet in subnets}


def ec2(request: Any) -> Any:
    """The EC2 of the request's account and region."""
    return ec2_backends[request.current_account][request.region]

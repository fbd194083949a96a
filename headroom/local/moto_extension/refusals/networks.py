"""Security groups: their texts, and that nothing uses one that is deleted."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from moto.ec2.exceptions import DependencyViolationError, InvalidParameterValue
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.rds.models import rds_backends

from headroom.local.moto_extension.wrap import wrap

# CreateSecurityGroup and IpRange, in EC2's reference.
_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_ALLOWED = "strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"


def install() -> None:
    """Put the checks before the operations."""

    def create(original: Callable[..., Any], self: Any, name: str, description: str, **more: Any) -> Any:
        for what, text in (("group name", name), ("security group description", description)):
            if text and not _TEXT.fullmatch(text):
                raise InvalidParameterValue(f"Invalid {what}. Valid {what.split()[-1]}s are {_ALLOWED}")
        return original(self, name, description, **more)

    def authorize(original: Callable[..., Any], self: Any, *arguments: Any, **named: Any) -> Any:
        for block in named.get("ip_ranges") or ():
            text = block.get("Description") if isinstance(block, dict) else None
            if text and not _TEXT.fullmatch(text):
                raise InvalidParameterValue(f"Invalid rule description. Valid descriptions are {_ALLOWED}")
        return original(self, *arguments, **named)

    def delete(original: Callable[..., Any], self: Any, name: str | None = None, group_id: str | None = None) -> Any:
        if group_id in set(_used(rds_backends[self.account_id][self.region_name])):
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        return original(self, name=name, group_id=group_id)

    wrap(SecurityGroupBackend, "create_security_group", create)
    wrap(SecurityGroupBackend, "authorize_security_group_ingress", authorize)
    wrap(SecurityGroupBackend, "authorize_security_group_egress", authorize)
    wrap(SecurityGroupBackend, "delete_security_group", delete)


def _used(rds: Any) -> Iterator[str]:
    for owner in (*rds.clusters.values(), *rds.db_proxies.values()):
        yield from owner.vpc_security_group_ids
    for endpoint in rds.__dict__.get("headroom_proxy_endpoints", {}).values():
        yield from endpoint.described["VpcSecurityGroupIds"]

"""Tags: the one property that every service changes by calls of its own, each in its own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import ServiceModel

from headroom.local.aws.model import Aws
from headroom.local.aws.naming import from_aws, to_aws
from headroom.local.aws.sdk import Kind

_MAP = Kind("map", Kind("text"))


@dataclass(frozen=True)
class _Dialect:
    member: str  # says whose tags: filled with the place below
    add: str = "TagResource"
    remove: str = "UntagResource"
    read: str = "ListTagsForResource"
    place: str = "arn"  # the property that goes into the member


_DIALECTS = {
    "ec2": _Dialect("Resources", "CreateTags", "DeleteTags", "", "id"),
    "rds": _Dialect("ResourceName", "AddTagsToResource", "RemoveTagsFromResource"),
    "kms": _Dialect("KeyId", read="ListResourceTags", place="id"),
    "iam": _Dialect("RoleName", "TagRole", "UntagRole", "ListRoleTags", "id"),
    "secretsmanager": _Dialect("SecretId", read="", place="id"),
    "application-autoscaling": _Dialect("ResourceARN"),
    "sns": _Dialect("ResourceArn"),
    "cloudwatch": _Dialect("ResourceARN"),
    "logs": _Dialect("resourceArn"),
    "events": _Dialect("ResourceARN"),
}


def creation_members(model: ServiceModel, operation: str, tag_type: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """The members with which the create call sets tags; empty if it can't."""
    shape = model.operation_model(operation).input_shape
    members = shape.members if shape else {}
    name = next((name for name in ("Tags", "tags") if name in members), "")
    if not tags or not (name or tag_type):
        return {}
    if tag_type:
        return {"TagSpecifications": [{"ResourceType": tag_type, "Tags": _pairs(tags)}]}
    return {name: to_aws(dict(tags), _MAP, members[name], {}, name)}


def change(
    aws: Aws, model: ServiceModel, old: Mapping[str, str], new: Mapping[str, str], context: Mapping[str, Any]
) -> None:
    """Add, overwrite and remove tags until they are the new ones."""
    dialect = _DIALECTS[model.service_name]
    who = _who(dialect, context)
    added = {key: value for key, value in new.items() if old.get(key) != value}
    removed = sorted(set(old) - set(new))
    if removed:
        members = model.operation_model(dialect.remove).input_shape.members  # type: ignore[union-attr]
        name = next(name for name in ("TagKeys", "tagKeys", "Tags") if name in members)
        aws(dialect.remove, **who, **{name: [{"Key": key} for key in removed] if name == "Tags" else removed})
    if added:
        aws(dialect.add, **who, **creation_members(model, dialect.add, "", added))


def read(aws: Aws, model: ServiceModel, described: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, str]:
    """The tags as AWS has them now, without AWS's own (aws:…)."""
    dialect = _DIALECTS[model.service_name]
    if dialect.read:
        described = aws(dialect.read, **_who(dialect, context))
    found: Any = next((described[name] for name in ("TagList", "Tags", "TagSet", "tags") if described.get(name)), {})
    tags: dict[str, str] = from_aws(found, _MAP, {}, "")
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def _who(dialect: _Dialect, context: Mapping[str, Any]) -> dict[str, Any]:
    value = context.get(dialect.place)
    return {dialect.member: [value] if dialect.member == "Resources" else value}


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]

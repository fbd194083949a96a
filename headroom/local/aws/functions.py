"""The data functions of pulumi_aws that this stack uses: zones, identity, region, partition, a VPC, a subnet."""

from collections.abc import Callable, Mapping
from typing import Any

from headroom.local.aws.connection import ACCOUNT_ID, Connection
from headroom.local.aws.lifecycle import AwsError, Settings

_Function = Callable[[Any, Mapping[str, Any], str], dict[str, Any]]  # (ec2 client, arguments, region) -> result


def invoke(connection: Connection, settings: Settings, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one function. Raises AwsError if it isn't served, or finds none or several."""
    function = _FUNCTIONS.get(token)
    if function is None:
        raise AwsError(
            f"the local plugin does not serve the function {token}; it serves {', '.join(sorted(_FUNCTIONS))}"
        )
    region = arguments.get("region") or settings.region
    return {**arguments, **function(connection.client("ec2", region), arguments, region)}


def _availability_zones(ec2: Any, arguments: Mapping[str, Any], region: str) -> dict[str, Any]:
    zones = ec2.describe_availability_zones(Filters=_filters(arguments))["AvailabilityZones"]
    zones = [
        zone
        for zone in zones
        if zone["ZoneName"] not in arguments.get("excludeNames", ())
        and zone["ZoneId"] not in arguments.get("excludeZoneIds", ())
        and zone["State"] == arguments.get("state", zone["State"])
    ]
    zones.sort(key=lambda zone: zone["ZoneName"])
    return {
        "id": region,
        "region": region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName") or region for zone in zones}),
    }


def _caller(_ec2: Any, _arguments: Mapping[str, Any], _region: str) -> dict[str, Any]:
    return {
        "accountId": ACCOUNT_ID,
        "arn": f"arn:aws:iam::{ACCOUNT_ID}:user/local",
        "id": ACCOUNT_ID,
        "userId": "AIDALOCALEMULATOR0000",
    }


def _region(_ec2: Any, _arguments: Mapping[str, Any], region: str) -> dict[str, Any]:
    return {
        "id": region,
        "name": region,
        "region": region,
        "description": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _partition(_ec2: Any, _arguments: Mapping[str, Any], _region: str) -> dict[str, Any]:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _vpc(ec2: Any, arguments: Mapping[str, Any], region: str) -> dict[str, Any]:
    filters = _filters(
        arguments, cidrBlock="cidr", dhcpOptionsId="dhcp-options-id", state="state", default="is-default"
    )
    ids = {"VpcIds": [arguments["id"]]} if "id" in arguments else {}
    vpc = _only("VPC", ec2.describe_vpcs(Filters=filters, **ids)["Vpcs"])

    def attribute(name: str) -> bool:
        answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=name)
        return bool(answer[name[0].upper() + name[1:]]["Value"])

    return {
        "id": vpc["VpcId"],
        "arn": f"arn:aws:ec2:{region}:{ACCOUNT_ID}:vpc/{vpc['VpcId']}",
        "region": region,
        "cidrBlock": vpc["CidrBlock"],
        "default": vpc.get("IsDefault", False),
        "state": vpc.get("State"),
        "dhcpOptionsId": vpc.get("DhcpOptionsId"),
        "instanceTenancy": vpc.get("InstanceTenancy"),
        "ownerId": vpc.get("OwnerId"),
        "enableDnsHostnames": attribute("enableDnsHostnames"),
        "enableDnsSupport": attribute("enableDnsSupport"),
        "cidrBlockAssociations": [
            {
                "associationId": block["AssociationId"],
                "cidrBlock": block["CidrBlock"],
                "state": block["CidrBlockState"]["State"],
            }
            for block in vpc.get("CidrBlockAssociationSet", ())
        ],
        "tags": _tags(vpc),
    }


def _subnet(ec2: Any, arguments: Mapping[str, Any], region: str) -> dict[str, Any]:
    filters = _filters(
        arguments,
        availabilityZone="availability-zone",
        availabilityZoneId="availability-zone-id",
        cidrBlock="cidr-block",
        defaultForAz="default-for-az",
        state="state",
        vpcId="vpc-id",
    )
    ids = {"SubnetIds": [arguments["id"]]} if "id" in arguments else {}
    subnet = _only("subnet", ec2.describe_subnets(Filters=filters, **ids)["Subnets"])
    return {
        "id": subnet["SubnetId"],
        "region": region,
        "arn": subnet["SubnetArn"],
        "tags": _tags(subnet),
        **{
            name: subnet.get(name[0].upper() + name[1:])
            for name in (
                "assignIpv6AddressOnCreation",
                "availabilityZone",
                "availabilityZoneId",
                "cidrBlock",
                "defaultForAz",
                "ownerId",
                "state",
                "mapPublicIpOnLaunch",
                "vpcId",
            )
        },
        "availableIpAddressCount": subnet.get("AvailableIpAddressCount"),
    }


def _filters(arguments: Mapping[str, Any], **names: str) -> list[dict[str, Any]]:
    given = [{"Name": item["name"], "Values": item["values"]} for item in arguments.get("filters") or ()]
    given += [{"Name": f"tag:{key}", "Values": [value]} for key, value in (arguments.get("tags") or {}).items()]
    for name, filter_name in names.items():
        if name in arguments:
            value = arguments[name]
            given.append({"Name": filter_name, "Values": [str(value).lower() if isinstance(value, bool) else value]})
    return given


def _only(what: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    if len(found) != 1:
        raise AwsError(f"{'no' if not found else len(found)} {what} matched the query; it must match exactly one")
    return found[0]


def _tags(found: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}


_FUNCTIONS: dict[str, _Function] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getSubnet:getSubnet": _subnet,
}

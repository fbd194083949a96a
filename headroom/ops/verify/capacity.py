"""What AWS must have room for: instances by quota, addresses in the subnets, up to the maximum of replicas."""

from collections.abc import Iterator

from headroom.ops.errors import LackError
from headroom.ops.live import LiveCluster
from headroom.ops.session import Session
from headroom.ops.verify.check import Check, judged

DB_INSTANCES = "L-7B6409FD"
"""The quota "DB instances" (Service Quotas, rds): 40 in a region unless raised; RDS, Aurora, Neptune, DocumentDB."""

# Addresses that RDS Proxy asks to be kept free, by the size of the instance (Aurora User Guide,
# rds-proxy-network-prereqs): for the writer, the same again for each reader, and 3 for each further endpoint.
_ADDRESSES = {
    "2xlarge": 15,
    "4xlarge": 25,
    "8xlarge": 45,
    "12xlarge": 60,
    "16xlarge": 75,
    "24xlarge": 110,
}
_ADDRESSES_LEAST = 10
_ADDRESSES_MOST = 215  # of one proxy
_BY_ACU = ((16, 10), (32, 15), (64, 25), (96, 30), (128, 40), (160, 50), (192, 55), (224, 65), (256, 75))
_PER_ENDPOINT = 3


def most_instances(session: Session) -> int:
    """The writer, and as many readers as there may be."""
    cluster = session.budget.stack.cluster
    return 1 + max(len(cluster.readers), cluster.readers_max or 0)


def quota(session: Session, cluster: LiveCluster) -> Check:
    """The account may have the instances that autoscaling may start."""
    used = len(session.aws.all("rds", "DescribeDBInstances", "DBInstances"))
    most = _quota(session)
    more = max(0, most_instances(session) - len(cluster.instances))
    wrong = (
        []
        if used + more <= most
        else [
            f"{used:,} of {most:,} instances are used in {session.aws.region}, up to {more:,} more may come: ask for a "
            "higher quota"
        ]
    )
    return judged("instance quota", wrong, f"{used:,} of {most:,} used, up to {more:,} more may come")


def _quota(session: Session) -> int:
    """The account's; where it never asked for another, AWS may know the default only."""
    wanted = {"ServiceCode": "rds", "QuotaCode": DB_INSTANCES}
    try:
        found = session.aws.call("service-quotas", "GetServiceQuota", **wanted)
    except LackError as error:
        if not error.absent:
            raise
        found = session.aws.call("service-quotas", "GetAWSDefaultServiceQuota", **wanted)
    return int(found["Quota"]["Value"])


def addresses(session: Session, cluster: LiveCluster) -> Check:
    """The subnets have addresses for the instances that may come, and for the proxy as it grows with them."""
    group = str(cluster.described.get("DBSubnetGroup", ""))
    groups = session.aws.all("rds", "DescribeDBSubnetGroups", "DBSubnetGroups", DBSubnetGroupName=group)
    identifiers = [s["SubnetIdentifier"] for s in groups[0]["Subnets"]]
    subnets = session.aws.all("ec2", "DescribeSubnets", "Subnets", SubnetIds=identifiers)
    free = sum(int(s["AvailableIpAddressCount"]) for s in subnets)
    more = max(0, most_instances(session) - len(cluster.instances))
    proxy = proxy_addresses(session)

    def wrong() -> Iterator[str]:
        if free < more + proxy:
            yield (
                f"{free:,} are free in {len(subnets):,} subnets; {more:,} instances may come, and the proxy should "
                f"find {proxy:,}: else RDS-EVENT-0243, and it doesn't grow"
            )
        empty = [s["SubnetId"] for s in subnets if int(s["AvailableIpAddressCount"]) == 0]
        if empty:
            yield f"{', '.join(empty)} has none free"

    return judged("free addresses", wrong(), f"{free:,} free; {more + proxy:,} may be needed")


def proxy_addresses(session: Session) -> int:
    """What AWS recommends to keep free for the proxy with the most readers; 0 without a proxy."""
    if session.settings.proxy is None:
        return 0
    cluster = session.budget.stack.cluster
    readers = most_instances(session) - 1
    replica = _one(session, cluster.writer.instance_class.name)
    declared = [_one(session, r.instance_class.name) for r in cluster.readers]
    more = [replica] * (readers - len(declared))
    endpoints = _PER_ENDPOINT if cluster.readers else 0
    return min(_ADDRESSES_MOST, replica + sum(declared) + sum(more) + endpoints)


def _one(session: Session, instance_class: str) -> int:
    serverless = session.budget.stack.cluster.serverless
    if instance_class == "db.serverless" and serverless is not None:
        return next((count for acu, count in _BY_ACU if serverless.max_acu <= acu), _BY_ACU[-1][1])
    size = instance_class.rpartition(".")[2]
    if size in _ADDRESSES or not size.endswith("xlarge") or size == "xlarge":
        return _ADDRESSES.get(size, _ADDRESSES_LEAST)
    larger = int(size.removesuffix("xlarge"))
    return next(
        (count for name, count in _ADDRESSES.items() if int(name.removesuffix("xlarge")) >= larger),
        max(_ADDRESSES.values()),
    )

"""headroom:index:Network - who can reach the database at all, and by which way.

Makes a VPC with one private subnet in each zone (or uses the caller's), and the security groups. There is no route to
the internet, and the only ways to the database's port are: application -> proxy -> database, declared direct services
-> database, and break-glass (the operators' way in when everything else is full) -> database.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from headroom.budget.model import Path
from headroom.settings.demand import Service
from headroom.settings.supply import ExistingNetwork, NewNetwork

# RDS Proxy has no nodes in these zones (RDS User Guide, "RDS Proxy limitations").
ZONES_WITHOUT_PROXY = ("use1-az3", "usw1-az2")
# The VPC's range is cut into four blocks, one for each zone: a zone that is added later takes the next, and none moves.
SUBNET_BITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkArgs:
    """Where the stack lives, and which ways into the database it needs.

    Attributes:
        network: create (range and number of zones) or bring your own (VPC and subnets).
        port: the database's TCP port; the proxy listens on the same.
        proxied: there is a proxy.
        services: those with a direct pool get a way of their own.
    """

    network: NewNetwork | ExistingNetwork
    port: int
    proxied: bool
    services: Sequence[Service]


class Network(pulumi.ComponentResource):
    """Subnets in several zones, and the security groups.

    Attributes:
        vpc_id, subnet_ids, zones: where the database and the proxy live; zones by name, in the subnets' order.
        application_group_ids: security groups that services behind the proxy are put in.
        direct_group_id: the one for services with a direct path; None if none is declared.
        break_glass_group_id: the one for the operators' hosts.
        proxy_group_id, database_group_id: for the proxy (None: no proxy) and the database.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("headroom:index:Network", name, {}, opts)
        self._name, self._port = name, args.port
        self.vpc_id: pulumi.Input[str]
        self.subnet_ids: list[pulumi.Input[str]]
        self.zones: list[str]
        self.application_group_ids: list[pulumi.Input[str]] = []
        if isinstance(args.network, ExistingNetwork):
            self._bring_your_own(args.network, proxied=args.proxied)
        else:
            self._create(args.network)

        self.database_group_id = self._group("database", "The Aurora cluster: only the groups of its rules enter.")
        self.break_glass_group_id = self._group("break-glass", "Operators: the way in when the pools are full.")
        self._admit("break-glass", self.break_glass_group_id, "database", self.database_group_id)
        self.proxy_group_id: pulumi.Output[str] | None = None
        self.direct_group_id: pulumi.Output[str] | None = None
        if args.proxied:
            self.proxy_group_id = self._group("proxy", "RDS Proxy: from the application, to the database.")
            self._admit("proxy", self.proxy_group_id, "database", self.database_group_id)
            for number, group_id in enumerate(self.application_group_ids, start=1):
                self._let_in("proxy", self.proxy_group_id, f"application-{number}", group_id)
            if not self.application_group_ids:
                group_id = self._group("application", "Services that connect through RDS Proxy.")
                self._admit("application", group_id, "proxy", self.proxy_group_id)
                self.application_group_ids = [group_id]
        if any(pool.path is Path.DIRECT for service in args.services for pool in service.pools):
            self.direct_group_id = self._group("direct", "Services declared with a direct path to the database.")
            self._admit("direct", self.direct_group_id, "database", self.database_group_id)

        self.groups = {
            "application": self.application_group_ids,
            "direct": self.direct_group_id,
            "break_glass": self.break_glass_group_id,
        }
        self.register_outputs({"vpcId": self.vpc_id, "subnetIds": self.subnet_ids, "securityGroups": self.groups})

    def _create(self, network: NewNetwork) -> None:
        zones = aws.get_availability_zones(
            # Not by state: a zone in trouble would leave the list, and the stack would move its subnets in an outage.
            filters=[aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])],
            exclude_zone_ids=list(ZONES_WITHOUT_PROXY),
            opts=pulumi.InvokeOptions(parent=self),
        ).names
        if len(zones) < network.zones:
            raise pulumi.RunError(
                f"headroom:network.zones: {network.zones} zones wanted, but the region has {len(zones)} that RDS Proxy "
                f"serves ({', '.join(zones)}): lower it, or choose another region"
            )
        self.zones = list(zones[: network.zones])
        vpc = aws.ec2.Vpc(
            self._name,
            cidr_block=network.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": self._name},
            opts=pulumi.ResourceOptions(parent=self),
        )
        # AWS makes every VPC with a group that lets its members reach one another and the world. It can't be deleted;
        # without its rules, whatever is put in it by mistake reaches nothing.
        aws.ec2.DefaultSecurityGroup(
            self._name,
            vpc_id=vpc.id,
            tags={"Name": f"{self._name}-default"},
            opts=pulumi.ResourceOptions(parent=self),
        )
        blocks = ipaddress.ip_network(network.cidr).subnets(prefixlen_diff=SUBNET_BITS)
        self.vpc_id = vpc.id
        self.subnet_ids = [
            aws.ec2.Subnet(
                f"{self._name}-{zone}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=str(block),
                map_public_ip_on_launch=False,
                tags={"Name": f"{self._name}-{zone}"},
                # Nor does a subnet move because the region's list of zones changed.
                opts=pulumi.ResourceOptions(parent=self, ignore_changes=["availability_zone"]),
            ).id
            for zone, block in zip(self.zones, blocks, strict=False)
        ]

    def _bring_your_own(self, network: ExistingNetwork, *, proxied: bool) -> None:
        subnets: dict[str, aws.ec2.GetSubnetResult] = {}
        problems: list[str] = []
        for subnet_id in network.subnet_ids:
            try:
                subnets[subnet_id] = aws.ec2.get_subnet(id=subnet_id, opts=pulumi.InvokeOptions(parent=self))
            except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
                problems.append(f"headroom:network.subnet_ids: {subnet_id}: can't be read: {error}")
        if problems:
            raise pulumi.RunError("\n".join(["", *problems]))
        strangers = [subnet_id for subnet_id, subnet in subnets.items() if subnet.vpc_id != network.vpc_id]
        if strangers:
            problems.append(f"{', '.join(strangers)}: not in {network.vpc_id}: name private subnets of that VPC")
        zones = {subnet_id: subnet.availability_zone_id for subnet_id, subnet in subnets.items()}
        lacking = [f"{subnet_id} ({zone})" for subnet_id, zone in zones.items() if zone in ZONES_WITHOUT_PROXY]
        if proxied and lacking:
            problems.append(
                f"{', '.join(lacking)}: RDS Proxy has no nodes in that zone, and AWS refuses it there: name a subnet "
                "of another zone"
            )
        if problems:
            raise pulumi.RunError("\n".join(f"headroom:network.subnet_ids: {problem}" for problem in problems))
        self.vpc_id = network.vpc_id
        self.application_group_ids = list(network.application_security_group_ids)
        self.subnet_ids = list(network.subnet_ids)
        self.zones = sorted({subnet.availability_zone for subnet in subnets.values()})
        if len(self.zones) < 2:
            raise pulumi.RunError(
                f"headroom:network.subnet_ids: all of them are in {self.zones[0]}: "
                "name subnets of at least two zones, or a zone's failure takes the writer and every reader"
            )

    def _group(self, role: str, description: str) -> pulumi.Output[str]:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{role}",
            description=description,
            vpc_id=self.vpc_id,
            tags={"Name": f"{self._name}-{role}"},
            opts=pulumi.ResourceOptions(parent=self),
        ).id

    def _admit(self, source: str, source_id: pulumi.Input[str], target: str, target_id: pulumi.Input[str]) -> None:
        """Let `source` out to `target`, and `target` let it in: one port, group to group, never an address range."""
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{source}-to-{target}",
            security_group_id=source_id,
            referenced_security_group_id=target_id,
            ip_protocol="tcp",
            from_port=self._port,
            to_port=self._port,
            description=f"{source} to {target}",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._let_in(target, target_id, source, source_id)

    def _let_in(self, target: str, target_id: pulumi.Input[str], source: str, source_id: pulumi.Input[str]) -> None:
        """The half of it that is the target's: a group of the caller's own keeps its own rules."""
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{target}-from-{source}",
            security_group_id=target_id,
            referenced_security_group_id=source_id,
            ip_protocol="tcp",
            from_port=self._port,
            to_port=self._port,
            description=f"{target} from {source}",
            opts=pulumi.ResourceOptions(parent=self),
        )

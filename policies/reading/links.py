"""Which property refers to what.

Resources are tied together by where values come from, since ids are unknown in a preview.
"""

from typing import NamedTuple

from policies.reading import types as t


class Link(NamedTuple):
    """A property whose value comes from another resource, and the path of AWS's identifier in it."""

    property: str
    path: str


def _links(*properties: str) -> tuple[Link, ...]:
    return tuple(Link(name.partition(".")[0], name) for name in properties)


#: Type -> type that it refers to -> by which properties.
LINKS: dict[str, dict[str, tuple[Link, ...]]] = {
    t.CLUSTER: {
        t.CLUSTER_PARAMETER_GROUP: _links("dbClusterParameterGroupName"),
        t.SECURITY_GROUP: _links("vpcSecurityGroupIds"),
    },
    t.CLUSTER_INSTANCE: {
        t.CLUSTER: _links("clusterIdentifier"),
        t.PARAMETER_GROUP: _links("dbParameterGroupName"),
    },
    t.PROXY: {t.SECURITY_GROUP: _links("vpcSecurityGroupIds")},
    t.PROXY_TARGET_GROUP: {t.PROXY: _links("dbProxyName")},
    t.PROXY_ENDPOINT: {t.PROXY: _links("dbProxyName")},
    t.PROXY_TARGET: {
        t.PROXY: _links("dbProxyName", "targetGroupName"),
        t.CLUSTER: _links("dbClusterIdentifier", "dbInstanceIdentifier"),
    },
    t.SCALING_TARGET: {t.CLUSTER: _links("resourceId")},
    t.SCALING_POLICY: {t.CLUSTER: _links("resourceId")},
    t.SCHEDULED_ACTION: {t.CLUSTER: _links("resourceId")},
    t.ALARM: {
        t.CLUSTER: _links("dimensions.DBClusterIdentifier", "metricQueries"),
        t.PROXY: _links("dimensions.ProxyName", "metricQueries"),
        t.TOPIC: _links("alarmActions"),
    },
    t.COMPOSITE_ALARM: {t.ALARM: _links("alarmRule"), t.TOPIC: _links("alarmActions")},
    t.SUBSCRIPTION: {t.TOPIC: _links("topic")},
    t.SLACK_CHANNEL: {t.TOPIC: _links("snsTopicArns")},
    t.TEAMS_CHANNEL: {t.TOPIC: _links("snsTopicArns")},
    t.SECURITY_GROUP_RULE: {t.SECURITY_GROUP: _links("securityGroupId")},
    t.INGRESS_RULE: {t.SECURITY_GROUP: _links("securityGroupId")},
}

#: Type -> the property that holds AWS's identifier, where it isn't `id`.
IDENTIFIERS: dict[str, str] = {
    t.CLUSTER: "clusterIdentifier",
    t.CLUSTER_PARAMETER_GROUP: "name",
    t.PARAMETER_GROUP: "name",
    t.PROXY: "name",
}

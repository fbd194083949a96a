"""Which property refers to what.

Resources are tied together by where values come from, since ids are unknown in a preview.
"""

from typing import NamedTuple

from policies.reading import types as t

WHOLE = r"^(.+)$"
SCALED = r"^cluster:(.+)$"  # Application Auto Scaling's resource id
TOPIC_ARN = r"^arn:[^:]+:sns:[^:]*:[^:]*:([^:]+)$"
KEY_ID = r"^(?:arn:[^:]+:kms:[^:]*:[^:]*:key/)?([^:/]+)$"
KEY_ALIAS = r"^(?:arn:[^:]+:kms:[^:]*:[^:]*:)?(alias/.+)$"
IN_A_RULE = r'\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*"?(?:arn:[^")]*:alarm:)?([^")]+?)"?\s*\)'


class Link(NamedTuple):
    """A property that refers to another resource: by where its value comes from, or by AWS's identifier as text.

    Attributes:
        property: the property whose value comes from the other resource.
        path: where AWS's identifier stands in it; `*` is each item of a list. "": nowhere.
        of: the type whose identifier that is; "": the one that is looked for.
        pattern: finds the identifiers in the text.
    """

    property: str
    path: str
    of: str = ""
    pattern: str = WHOLE


def _links(*paths: str, of: str = "", pattern: str = WHOLE) -> tuple[Link, ...]:
    return tuple(Link(path.partition(".")[0], path, of, pattern) for path in paths)


def _dimension(name: str, of: str = "") -> tuple[Link, ...]:
    """A dimension of an alarm's metric, or of one that it computes with."""
    return _links(f"dimensions.{name}", f"metricQueries.*.metric.dimensions.{name}", of=of)


#: Type -> type that it refers to -> by which properties.
LINKS: dict[str, dict[str, tuple[Link, ...]]] = {
    t.CLUSTER: {
        t.CLUSTER_PARAMETER_GROUP: _links("dbClusterParameterGroupName"),
        t.SECURITY_GROUP: _links("vpcSecurityGroupIds.*"),
    },
    t.CLUSTER_INSTANCE: {
        t.CLUSTER: _links("clusterIdentifier"),
        t.PARAMETER_GROUP: _links("dbParameterGroupName"),
    },
    t.PROXY: {
        t.SECURITY_GROUP: _links("vpcSecurityGroupIds.*"),
        t.SUBNET: _links("vpcSubnetIds.*"),
    },
    t.PROXY_TARGET_GROUP: {t.PROXY: _links("dbProxyName")},
    t.PROXY_ENDPOINT: {t.PROXY: _links("dbProxyName")},
    t.PROXY_TARGET: {
        # Every proxy's target group is called "default".
        t.PROXY: (*_links("dbProxyName"), Link("targetGroupName", "")),
        t.CLUSTER: (*_links("dbClusterIdentifier"), *_links("dbInstanceIdentifier", of=t.CLUSTER_INSTANCE)),
    },
    t.SCALING_TARGET: {t.CLUSTER: _links("resourceId", pattern=SCALED)},
    t.SCALING_POLICY: {t.CLUSTER: _links("resourceId", pattern=SCALED)},
    t.SCHEDULED_ACTION: {t.CLUSTER: _links("resourceId", pattern=SCALED)},
    t.ALARM: {
        t.CLUSTER: (
            *_dimension("DBClusterIdentifier"),
            *_dimension("DBInstanceIdentifier", of=t.CLUSTER_INSTANCE),
        ),
        t.PROXY: _dimension("ProxyName"),
        t.TOPIC: _links("alarmActions.*", pattern=TOPIC_ARN),
    },
    t.COMPOSITE_ALARM: {
        t.ALARM: _links("alarmRule", pattern=IN_A_RULE),
        t.TOPIC: _links("alarmActions.*", pattern=TOPIC_ARN),
    },
    t.TOPIC: {
        t.KMS_KEY: (
            *_links("kmsMasterKeyId", pattern=KEY_ID),
            *_links("kmsMasterKeyId", of=t.KMS_ALIAS, pattern=KEY_ALIAS),
        )
    },
    t.TOPIC_POLICY: {t.TOPIC: _links("arn", pattern=TOPIC_ARN)},
    t.KMS_KEY_POLICY: {t.KMS_KEY: _links("keyId", pattern=KEY_ID)},
    t.KMS_ALIAS: {t.KMS_KEY: _links("targetKeyId", pattern=KEY_ID)},
    t.EVENT_SUBSCRIPTION: {t.TOPIC: _links("snsTopic", pattern=TOPIC_ARN)},
    t.EVENT_TARGET: {
        t.EVENT_RULE: _links("rule"),
        t.TOPIC: _links("arn", pattern=TOPIC_ARN),
    },
    t.SUBSCRIPTION: {t.TOPIC: _links("topic", pattern=TOPIC_ARN)},
    t.SLACK_CHANNEL: {t.TOPIC: _links("snsTopicArns.*", pattern=TOPIC_ARN)},
    t.TEAMS_CHANNEL: {t.TOPIC: _links("snsTopicArns.*", pattern=TOPIC_ARN)},
    t.SECURITY_GROUP_RULE: {t.SECURITY_GROUP: _links("securityGroupId")},
    t.INGRESS_RULE: {t.SECURITY_GROUP: _links("securityGroupId")},
}

#: Type -> the property that holds AWS's identifier, where it isn't `id`.
IDENTIFIERS: dict[str, str] = {
    t.CLUSTER: "clusterIdentifier",
    t.CLUSTER_INSTANCE: "identifier",
    t.CLUSTER_PARAMETER_GROUP: "name",
    t.PARAMETER_GROUP: "name",
    t.PROXY: "name",
    t.TOPIC: "name",
    t.KMS_KEY: "keyId",
    t.KMS_ALIAS: "name",
    t.EVENT_RULE: "name",
    t.ALARM: "name",
}

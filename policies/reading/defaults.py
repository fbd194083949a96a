"""What pulumi_aws (7.51) or AWS does where a property isn't given. A rule that doesn't know this passes on "unset"."""

from policies.reading import types as t

#: Type -> property -> value; each from the argument's documentation in pulumi_aws, or AWS's where that is silent.
DEFAULTS: dict[str, dict[str, object]] = {
    t.CLUSTER: {
        "storageEncrypted": False,
        "backupRetentionPeriod": 1,
        "deletionProtection": False,
        "skipFinalSnapshot": False,
        "manageMasterUserPassword": False,
    },
    t.CLUSTER_INSTANCE: {
        "promotionTier": 0,
        "publiclyAccessible": False,
        "monitoringInterval": 0,
        "performanceInsightsEnabled": False,
    },
    t.PROXY: {"requireTls": False, "defaultAuthScheme": "NONE", "idleClientTimeout": 1800},
    t.PROXY_TARGET_GROUP: {
        # RDS User Guide, 'RDS Proxy connection considerations'.
        "connectionPoolConfig.maxConnectionsPercent": 100,
        "connectionPoolConfig.connectionBorrowTimeout": 120,
    },
    t.PROXY_ENDPOINT: {"targetRole": "READ_WRITE"},
    t.SCALING_TARGET: {
        "suspendedState.dynamicScalingOutSuspended": False,
        "suspendedState.scheduledScalingSuspended": False,
    },
    t.SCALING_POLICY: {
        "targetTrackingScalingPolicyConfiguration.scaleOutCooldown": 300,
        "targetTrackingScalingPolicyConfiguration.scaleInCooldown": 300,
    },
    t.SCHEDULED_ACTION: {"timezone": "UTC"},
    t.COMPOSITE_ALARM: {"actionsEnabled": True},
    t.ALARM: {"actionsEnabled": True, "treatMissingData": "missing"},
}


def default(type_: str, path: str) -> object | None:
    """The value that takes effect where `path` of a resource of this type isn't given; None: there is none."""
    return DEFAULTS.get(type_, {}).get(path)

import json

import pulumi_aws as aws

statements = [
    {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "kms:*",
        "Resource": "*",
    },
    {
        "Effect": "Allow",
        "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    },
]
key = aws.kms.Key("messages", policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
on_call = aws.sns.Topic("on-call", kms_master_key_id=key.arn)
cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
aws.rds.EventSubscription(
    "failovers",
    sns_topic=on_call.arn,
    source_type="db-cluster",
    source_ids=[cluster.cluster_identifier],
    event_categories=["failover"],
)

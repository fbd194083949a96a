import pulumi_aws as aws

on_call = aws.sns.Topic("on-call", kms_master_key_id="alias/aws/sns")
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

"""Somebody else's program, as many are: a cluster from a tutorial, open to all, and an alarm that nobody hears."""

import pulumi_aws as aws

world = aws.ec2.SecurityGroup(
    "world",
    vpc_id="vpc-0123abcd",
    ingress=[{"protocol": "tcp", "from_port": 0, "to_port": 65535, "cidr_blocks": ["0.0.0.0/0"]}],
)
cluster = aws.rds.Cluster(
    "shop",
    engine="aurora-postgresql",
    engine_version="16.15",
    master_username="root",
    master_password="correct horse battery staple",
    vpc_security_group_ids=[world.id],
    skip_final_snapshot=True,
)
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.t4g.medium"
)
aws.cloudwatch.MetricAlarm(
    "connections",
    namespace="AWS/RDS",
    metric_name="DatabaseConnections",
    dimensions={"DBClusterIdentifier": cluster.cluster_identifier},
    statistic="Average",
    period=300,
    evaluation_periods=2,
    comparison_operator="GreaterThanThreshold",
    threshold=5000,
)

import pulumi
import pulumi_aws as aws

cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")
writer = aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.4xlarge"
)
aws.rds.ClusterInstance(
    "shop-2",
    cluster_identifier=cluster.id,
    engine="aurora-postgresql",
    instance_class="db.r6g.4xlarge",
    opts=pulumi.ResourceOptions(depends_on=[writer]),
)

import pulumi_aws as aws

cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15", region="af-south-1")
aws.rds.ClusterInstance(
    "shop-1",
    cluster_identifier=cluster.id,
    engine="aurora-postgresql",
    instance_class="db.r8g.xlarge",
    region="af-south-1",
)

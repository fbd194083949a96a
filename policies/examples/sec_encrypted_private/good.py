import pulumi_aws as aws

database = aws.ec2.SecurityGroup("database", vpc_id="vpc-1")
proxy = aws.ec2.SecurityGroup("proxy", vpc_id="vpc-1")
aws.vpc.SecurityGroupIngressRule(
    "proxy",
    security_group_id=database.id,
    referenced_security_group_id=proxy.id,
    ip_protocol="tcp",
    from_port=5432,
    to_port=5432,
)
cluster = aws.rds.Cluster(
    "shop",
    engine="aurora-postgresql",
    engine_version="16.15",
    storage_encrypted=True,
    vpc_security_group_ids=[database.id],
)

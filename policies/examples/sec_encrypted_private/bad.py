import pulumi_aws as aws

database = aws.ec2.SecurityGroup("database", vpc_id="vpc-1")
aws.vpc.SecurityGroupIngressRule(
    "everybody", security_group_id=database.id, cidr_ipv4="0.0.0.0/0", ip_protocol="tcp", from_port=5432, to_port=5432
)
cluster = aws.rds.Cluster(
    "shop", engine="aurora-postgresql", engine_version="16.15", vpc_security_group_ids=[database.id]
)

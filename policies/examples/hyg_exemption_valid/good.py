import pulumi_aws as aws

cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")

"""What is provisioned: one Pulumi component a file."""

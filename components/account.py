"""Where the stack lives: the partition, region and account that every ARN names."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, slots=True)
class Account:
    """The account that the provider is configured for, as plain strings."""

    partition: str
    region: str
    account_id: str

    @classmethod
    def of(cls, parent: pulumi.Resource) -> "Account":
        """Ask the provider that `parent` hands down."""
        opts = pulumi.InvokeOptions(parent=parent)
        return cls(
            partition=aws.get_partition(opts=opts).partition,
            region=aws.get_region(opts=opts).region,
            account_id=aws.get_caller_identity(opts=opts).account_id,
        )

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def trust(self, service: str, *, names_its_source: bool) -> dict[str, object]:
        """A role's trust policy: `service` may assume it.

        Args:
            service: the service's principal.
            names_its_source: AWS documents that it says on whose behalf; then it must be this account's (no confused
                deputy). A condition on what a service doesn't send would keep it out for good.
        """
        statement: dict[str, object] = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
        }
        if names_its_source:
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": self.account_id}}
        return {"Version": "2012-10-17", "Statement": [statement]}

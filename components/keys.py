"""A customer-managed KMS key: rotated every year, with an alias, and open to the AWS services that it is made for."""

import json
import re
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.account import Account

# AWS keeps a deleted key for 7 to 30 days. What it encrypted is lost with it, so the longest.
DELETION_WINDOW_DAYS = 30


def customer_key(
    name: str,
    purpose: str,
    account: Account,
    services: Mapping[str, Mapping[str, object]],
    opts: pulumi.ResourceOptions,
) -> aws.kms.Key:
    """Declare the key and its alias.

    Args:
        name: of the key's resources and its alias.
        purpose: what it encrypts, for its description.
        account: whose administrators keep full control of it through IAM.
        services: AWS service principal -> the condition under which it may use the key. A service that acts with its
            caller's rights (RDS, Secrets Manager) needs no entry.
        opts: the parent, and whether the key is protected.
    """
    statements: list[dict[str, object]] = [
        {
            "Sid": "AccountAdministersThroughIam",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{account.partition}:iam::{account.account_id}:root"},
            "Action": "kms:*",
            "Resource": "*",  # in a key's policy: this key
        }
    ]
    statements += [
        {
            "Sid": re.sub("[^A-Za-z0-9]", "", service.removesuffix(".amazonaws.com").title()) + "UsesTheKey",
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            "Resource": "*",
            "Condition": condition,
        }
        for service, condition in services.items()
    ]
    key = aws.kms.Key(
        name,
        description=f"{name}: {purpose}",
        enable_key_rotation=True,
        deletion_window_in_days=DELETION_WINDOW_DAYS,
        policy=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        opts=opts,
    )
    aws.kms.Alias(name, name=f"alias/{name}", target_key_id=key.key_id, opts=pulumi.ResourceOptions(parent=opts.parent))
    return key

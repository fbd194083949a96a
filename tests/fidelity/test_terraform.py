"""Each stack as Terraform's JSON: the AWS provider's own names and types have nothing against it."""

import json

import pytest

from tests.fidelity.stacks import ALL, changed, stack
from tests.fidelity.to_terraform import problems, to_terraform


@pytest.mark.parametrize("name", ALL)
def test_the_provider_knows_every_name_of_a_stack(name: str) -> None:
    content = to_terraform(stack(name))

    assert problems(content) == []
    assert sum(len(labelled) for labelled in content["resource"].values()) == len(stack(name).resources)
    assert "<<" not in json.dumps(content), "a mark is left"


def test_what_the_provider_does_not_know_is_found() -> None:
    """Otherwise the test above could not fail."""
    original = stack("no-readers")
    marks = {key: number for number, key in original.marked.items()}
    topic = marks["aws:sns/topic:Topic::headroom-no-readers-warning"]
    wrong = changed(
        original,
        {
            ":Cluster::headroom-no-readers": {"backupRetentionDays": 14, "port": "five"},
            ":Vpc::headroom-no-readers": {"tags": "shop"},
            ":Alias::headroom-no-readers": {"targetKeyId": f"<<{topic}.keyId>>"},
        },
    )

    assert problems(to_terraform(wrong)) == [
        "aws_kms_alias.headroom-no-readers: aws_sns_topic has no attribute key_id",
        "aws_rds_cluster.headroom-no-readers.port: 'five' is not valid under any of the given schemas",
        "aws_rds_cluster.headroom-no-readers: Additional properties are not allowed ('backup_retention_days' was "
        "unexpected)",
        "aws_vpc.headroom-no-readers.tags: 'shop' is not of type 'object'",
    ]


def test_a_use_of_an_output_is_a_reference_also_inside_a_document() -> None:
    content = to_terraform(stack("prod"))["resource"]
    policy = json.loads(content["aws_iam_role_policy"]["headroom-prod-proxy"]["policy"])
    (connect,) = [statement for statement in policy["Statement"] if statement["Action"] == "rds-db:connect"]

    assert content["aws_subnet"]["headroom-prod-eu-west-1a"]["vpc_id"] == "${aws_vpc.headroom-prod.id}"
    assert connect["Resource"][0].startswith(
        "arn:aws:rds-db:eu-west-1:123456789012:dbuser:${aws_rds_cluster.headroom-prod.cluster_resource_id}/"
    )


def test_text_that_looks_like_an_interpolation_stays_text() -> None:
    marks = {key: number for number, key in stack("no-readers").marked.items()}
    vpc = marks["aws:ec2/vpc:Vpc::headroom-no-readers"]
    wrong = changed(
        stack("no-readers"), {":Vpc::headroom-no-readers": {"tags": {"Name": f"${{x}} %{{y}} <<{vpc}.id>> ${{z}}"}}}
    )

    assert to_terraform(wrong)["resource"]["aws_vpc"]["headroom-no-readers"]["tags"] == {
        "Name": "$${x} %%{y} ${aws_vpc.headroom-no-readers.id} $${z}"
    }

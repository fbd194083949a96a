"""What the components write in their own words, held against the characters and lengths that AWS takes.

The patterns are AWS's own: CloudFormation's registry schemas, as cfn-lint carries them.
"""

import re
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.components.conftest import Ran

FILES = [
    "Pulumi.dev.yaml",
    "Pulumi.staging.yaml",
    "Pulumi.prod.yaml",
    "Pulumi.local.yaml",
    "docs/examples/before-the-incident.yaml",
    "docs/examples/mysql.yaml",
    "docs/examples/own-network.yaml",
    "docs/examples/worked.yaml",
]
GROUP = ("AWS::EC2::SecurityGroup", "GroupDescription")
# Pulumi's type and property -> the registry's.
TEXTS = {
    ("aws:cloudwatch/compositeAlarm:CompositeAlarm", "alarmDescription"): (
        "AWS::CloudWatch::CompositeAlarm",
        "AlarmDescription",
    ),
    ("aws:cloudwatch/eventRule:EventRule", "description"): ("AWS::Events::Rule", "Description"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "alarmDescription"): ("AWS::CloudWatch::Alarm", "AlarmDescription"),
    ("aws:ec2/securityGroup:SecurityGroup", "description"): GROUP,
    ("aws:iam/role:Role", "description"): ("AWS::IAM::Role", "Description"),
    ("aws:kms/key:Key", "description"): ("AWS::KMS::Key", "Description"),
    ("aws:rds/clusterParameterGroup:ClusterParameterGroup", "description"): (
        "AWS::RDS::DBClusterParameterGroup",
        "Description",
    ),
    ("aws:rds/parameterGroup:ParameterGroup", "description"): ("AWS::RDS::DBParameterGroup", "Description"),
    ("aws:rds/subnetGroup:SubnetGroup", "description"): ("AWS::RDS::DBSubnetGroup", "DBSubnetGroupDescription"),
    ("aws:secretsmanager/secret:Secret", "description"): ("AWS::SecretsManager::Secret", "Description"),
    # A rule's description takes the group's characters (EC2 API, UserIdGroupPair); the registry has no pattern for it.
    ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "description"): GROUP,
    ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "description"): GROUP,
}
ASCII = re.compile("[ -~]*")


def schema(type_: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", type_).schema["properties"][name]
    return found


@pytest.mark.parametrize("file", FILES)
def test_every_description_is_of_characters_and_a_length_that_aws_takes(ran: Ran, file: str) -> None:
    refused = []
    for declared in ran(file).declared:
        for name, text in declared.inputs.items():
            if not name.lower().endswith("description") or not isinstance(text, str):
                continue
            rule = schema(*TEXTS[declared.type, name])  # a new kind of description belongs in the table
            # RDS and CloudWatch publish no pattern: plain ASCII is taken by all.
            pattern = re.compile(rule["pattern"]) if "pattern" in rule else ASCII
            if not pattern.fullmatch(text) or len(text) > rule.get("maxLength", 255):
                refused.append((declared.key, text))
    assert refused == []


def test_the_registrys_pattern_refuses_an_apostrophe_in_a_security_group() -> None:
    assert not re.fullmatch(schema(*GROUP)["pattern"], "Operators' hosts")

"""Each stack as a CloudFormation template: AWS's registry schemas, by cfn-lint, have nothing against it."""

import functools
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.runner import Runner

from tests.fidelity.stacks import ALL, changed, stack
from tests.fidelity.to_cloudformation import to_cloudformation

# Every template is held against all of these at once: versions and classes must be there in each.
REGIONS = ["eu-west-1", "us-east-1", "eu-central-1", "ap-southeast-2"]
IGNORED = {
    "W3010": "zones are written out: a template can't ask the account for them, the program does",
}


@functools.cache
def runner() -> Runner:
    return Runner(ConfigMixIn(regions=REGIONS))


def complaints(template: dict[str, Any]) -> list[str]:
    """Errors and warnings: rule, place and message."""
    parsed, errors = decode_str(json.dumps(template))
    found = [*errors, *(runner().validate_template(parsed) if parsed else ())]
    return sorted(
        f"{match.rule.id} {'.'.join(map(str, match.path or ()))}: {match.message}"
        for match in found
        if match.rule.id not in IGNORED
    )


@pytest.mark.parametrize("name", ALL)
def test_cfn_lint_has_nothing_against_a_stack(name: str) -> None:
    assert complaints(to_cloudformation(stack(name)).template) == []


@pytest.mark.parametrize("region", ["us-east-1", "ap-northeast-1"])
def test_nor_in_another_region(region: str) -> None:
    other = stack("prod", region)

    assert {r.properties["availabilityZone"] for r in other.resources if r.type == "aws:ec2/subnet:Subnet"} == {
        f"{region}{zone}" for zone in "abc"
    }
    assert complaints(to_cloudformation(other).template) == []


def test_cfn_lint_finds_what_is_wrong_in_a_template() -> None:
    """Otherwise the tests above could not fail."""
    original = stack("no-readers")
    a_subnet = next(r for r in original.resources if r.type.endswith(":Proxy")).properties["vpcSubnetIds"][0]
    wrong = changed(
        original,
        {
            ":SecurityGroup::headroom-no-readers-database": {"description": "Operators' hosts"},
            ":Cluster::headroom-no-readers": {
                "backupRetentionPeriod": 40,
                "engineVersion": "16.6",
                "noSuchProperty": "x",
                "vpcSecurityGroupIds": [a_subnet],
            },
            ":ClusterInstance::headroom-no-readers-1": {"instanceClass": "db.r6g.3xlarge"},
            ":LogGroup::headroom-no-readers-postgresql": {"retentionInDays": 8},
            ":Key::headroom-no-readers": {"policy": '{"Version": "2012-10-17", "Statement": [{"Effect": "Alow"}]}'},
            ":Subnet::headroom-no-readers-eu-west-1a": {"cidrBlock": "10.20.0.0/33"},
            ":MetricAlarm::headroom-no-readers-writer-connections-warning": {"treatMissingData": "silent"},
        },
    )
    found = {
        re.sub("^(.{5}) Resources.HeadroomNoReaders([^:]*): .*", r"\1 \2", line)
        for line in complaints(to_cloudformation(wrong).template)
    }

    assert found == {
        "E1041 RdsCluster.Properties.VpcSecurityGroupIds.0",
        "E3002 EuWest1aEc2Subnet.Properties.CidrBlock",
        "E3002 RdsCluster.Properties.NoSuchProperty",
        "E3025 1RdsClusterInstance.Properties.DBInstanceClass",
        "E3030 PostgresqlCloudwatchLogGroup.Properties.RetentionInDays",
        "E3030 WriterConnectionsWarningCloudwatchMetricAlarm.Properties.TreatMissingData",
        "E3031 DatabaseEc2SecurityGroup.Properties.GroupDescription",
        "E3034 RdsCluster.Properties.BackupRetentionPeriod",
        "E3512 KmsKey.Properties.KeyPolicy.Statement.0",
        "E3512 KmsKey.Properties.KeyPolicy.Statement.0.Effect",
        "W3690 RdsCluster.Properties",
    }


def scalars(value: Any, *, keys: bool) -> Iterator[str]:
    """What stands in a value, a reference as @; with an object's keys if they may be data, too."""
    match value:
        case {"Ref": _} | {"Fn::GetAtt": _}:
            yield "@"
        case {"Fn::Sub": text}:
            yield from scalars(re.sub(r"\$\{[A-Za-z0-9.]+\}", "@", text).replace("${!", "${"), keys=keys)
        case dict():
            yield from value if keys else ()
            for one in value.values():
                yield from scalars(one, keys=keys)
        case list():
            for one in value:
                yield from scalars(one, keys=keys)
        case str() if value[:1] in {"{", "["}:
            yield from scalars(json.loads(value), keys=keys)
        case bool() | str():
            yield re.sub("<<.*?>>", "@", str(value))
        case _:
            yield f"{value:g}"


@pytest.mark.parametrize("name", ALL)
def test_no_value_is_dropped_in_silence(name: str) -> None:
    """Each value of each resource is in the template, or its property is left out for a reason that the table gives."""
    conversion = to_cloudformation(stack(name))
    given = [
        value if property_ != "parameters" else [{**one, "applyMethod": []} for one in value]
        for resource in stack(name).resources
        for property_, value in resource.properties.items()
        if not {resource.type, f"{resource.type}.{property_}"} & conversion.left_out.keys()
    ]
    wanted = Counter(one for value in given for one in scalars(value, keys=False))

    assert wanted - Counter(scalars(conversion.template["Resources"], keys=True)) == Counter()
    assert len(given) == conversion.properties

"""Shapes that no stack file of the project has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.components.program import ROOT, Program, run

Changed = Callable[..., Program]


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Changed:
    """The staging stack with sections replaced; None removes one."""

    def program(database: dict[str, Any] | None = None, **sections: Any) -> Program:
        config = yaml.safe_load((ROOT / "Pulumi.staging.yaml").read_text())["config"]
        config["headroom:database"] |= database or {}
        config |= {f"headroom:{key}": value for key, value in sections.items()}
        content = {"config": {key: value for key, value in config.items() if value is not None}}
        content["config"]["headroom:database"] = {
            key: value for key, value in config["headroom:database"].items() if value is not None
        }
        path = tmp_path / "Pulumi.staging.yaml"
        path.write_text(yaml.safe_dump(content))
        return run(path, monkeypatch)

    return program


def writes_only() -> list[dict[str, Any]]:
    return [
        {
            "name": "checkout",
            "instances_max": 4,
            "transactions_per_second_peak": 20,
            "pools": [{"endpoint": "writer", "path": "proxy", "connections_max": 5}],
        }
    ]


def test_serverless_instances_take_their_capacity_from_the_cluster(changed: Changed) -> None:
    program = changed(
        {"instance_class": "db.serverless", "max_connections": None, "serverless": {"min_acu": 2, "max_acu": 32}},
        autoscaling=None,
        events=None,
    )
    assert program.one(":Cluster")["serverlessv2ScalingConfiguration"] == {"minCapacity": 2, "maxCapacity": 32}
    assert {i["instanceClass"] for i in program.all(":ClusterInstance").values()} == {"db.serverless"}


def test_without_readers_there_is_no_read_only_endpoint_and_no_alarm_on_it(changed: Changed) -> None:
    program = changed({"readers": 0}, autoscaling=None, events=None, services=writes_only())
    assert not program.all(":ProxyEndpoint")
    assert set(program.outputs["endpoints"]) == {"writer", "reader", "proxy"}
    assert not [name for name in program.outputs["alarms"] if "reader" in name]


def test_readers_may_have_a_class_of_their_own(changed: Changed) -> None:
    program = changed({"reader_instance_class": "db.r6g.2xlarge"})
    assert [i["instanceClass"] for i in program.all(":ClusterInstance").values()] == [
        "db.r6g.xlarge",
        "db.r6g.2xlarge",
        "db.r6g.2xlarge",
    ]


def test_without_enhanced_monitoring_instances_name_no_role(changed: Changed) -> None:
    program = changed({"monitoring_interval_seconds": 0})
    for instance in program.all(":ClusterInstance").values():
        assert instance["monitoringInterval"] == 0
        assert "monitoringRoleArn" not in instance.inputs


def test_a_proxy_that_nobody_uses_yet_has_a_scheme_all_the_same(changed: Changed) -> None:
    direct = [{**writes_only()[0], "pools": [{"endpoint": "writer", "path": "direct", "connections_max": 5}]}]
    proxy = changed(services=direct, events=None).one("rds/proxy:Proxy")
    assert proxy["defaultAuthScheme"] == "IAM_AUTH"
    assert "auths" not in proxy.inputs

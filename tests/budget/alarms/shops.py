"""The stacks that the alarms are tried on: every stack file of the project, and shapes that none of them has."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from headroom.budget import Budget, evaluate
from headroom.budget.ceiling import serverless_class
from headroom.budget.facts import instance_class
from headroom.budget.model import Path as PoolPath
from headroom.budget.model import Serverless, Stack
from headroom.settings import load
from tests.budget.shop import CHECKOUT, LARGE, REPORTING, SMALL, cluster, instances, proxy, shop

MIDDLE = instance_class("db.r6g.xlarge")
ROOT = Path(__file__).parents[3]
FILES = {
    "dev": "Pulumi.dev.yaml",
    "staging": "Pulumi.staging.yaml",
    "prod": "Pulumi.prod.yaml",
    "worked": "docs/examples/worked.yaml",
    "mysql": "docs/examples/mysql.yaml",
    "own-network": "docs/examples/own-network.yaml",
}


def _direct() -> Stack:
    """No proxy: every pool is held open, and clients are refused at the limit."""
    pools = tuple(replace(pool, path=PoolPath.DIRECT, connections_max=2) for pool in CHECKOUT.pools)
    return shop(proxies=(), services=(replace(CHECKOUT, pools=pools), REPORTING))


def _serverless() -> Stack:
    capacity = Serverless(min_acu=2, max_acu=32)
    acu = serverless_class(capacity)
    return shop(
        cluster=cluster(instances=instances(acu, acu), max_connections=600, serverless=capacity),
        proxies=(proxy(max_connections_percent=30),),
    )


def _writer_only() -> Stack:
    return shop(cluster=cluster(instances=instances(LARGE)), services=(replace(CHECKOUT, pools=CHECKOUT.pools[:1]),))


def _mixed() -> Stack:
    return shop(
        cluster=cluster(instances=instances(MIDDLE, MIDDLE, SMALL), max_connections=None),
        proxies=(proxy(max_connections_percent=3),),
        services=(replace(CHECKOUT, transactions_per_second_peak=60), replace(REPORTING, instances_max=1)),
    )


SHAPES: dict[str, Callable[[], Stack]] = {
    "direct": _direct,
    "serverless": _serverless,
    "writer-only": _writer_only,
    "mixed": _mixed,
}
NAMES = (*FILES, *SHAPES)


@cache
def budget(name: str) -> Budget:
    """That stack's."""
    stack = load(ROOT / FILES[name]).stack(f"headroom-{name}") if name in FILES else SHAPES[name]()
    return evaluate(stack)

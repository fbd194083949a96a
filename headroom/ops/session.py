"""A stack as its file declares it, and the names under which it is deployed."""

import os
from dataclasses import dataclass
from pathlib import Path

import yaml

from headroom.budget import Budget, evaluate
from headroom.budget.alarms.model import Metric, Symbol
from headroom.errors import UserError
from headroom.ops.aws import Aws
from headroom.settings import Environment, Settings, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a command works on.

    Attributes:
        stack: the stack's name, as `pulumi` knows it.
        name: of the cluster, the proxy, and the prefix of all else: `<project>-<stack>`, as the program names them.
        file: the stack file.
        settings: what is in it.
        budget: evaluated for the deployed names.
        aws: the stack's region.
    """

    stack: str
    name: str
    file: Path
    settings: Settings
    budget: Budget
    aws: Aws

    @property
    def proxy(self) -> str | None:
        """The proxy's name, if one is declared."""
        return self.name if self.settings.proxy else None

    def metric(self, metric: Metric) -> Metric:
        """A metric of the alarm table, with this stack's names instead of symbols."""
        names = {
            Symbol.CLUSTER: self.name,
            Symbol.PROXY: self.name,
            Symbol.READER_ENDPOINT: f"{self.name}-read-only",
            Symbol.NAMESPACE: f"Headroom/{self.name}",
        }
        filled: dict[str, str] = {str(symbol): text for symbol, text in names.items()}
        return Metric(
            namespace=filled.get(str(metric.namespace), str(metric.namespace)),
            name=metric.name,
            statistic=metric.statistic,
            dimensions=tuple((key, filled.get(str(value), str(value))) for key, value in metric.dimensions),
            period_seconds=metric.period_seconds,
        )


def open_session(stack: str, file: Path, project: Path) -> Session:
    """The stack of a file.

    Args:
        stack: its name.
        file: its file.
        project: the folder with Pulumi.yaml, whose `name` is the first part of every resource's name.

    Raises:
        SettingsError: the stack file can't be used.
        UserError: it is the local stack's, and nothing says where the emulator is.
    """
    settings = load(file)
    if settings.environment is Environment.LOCAL and not os.environ.get("AWS_ENDPOINT_URL"):
        raise UserError(f'{file.name}: this stack is on emulated AWS: run eval "$(headroom local env)" first')
    name = f"{_project_name(project)}-{stack}"
    return Session(
        stack=stack,
        name=name,
        file=file,
        settings=settings,
        budget=evaluate(settings.stack(name)),
        aws=Aws(settings.region),
    )


def _project_name(folder: Path) -> str:
    file = folder / "Pulumi.yaml"
    try:
        content = yaml.safe_load(file.read_text())
    except FileNotFoundError:
        raise UserError(f"{folder}: no Pulumi.yaml here or in a folder above: run this inside the checkout") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{file}: can't be read: {' '.join(str(error).split())}") from None
    name = content.get("name") if isinstance(content, dict) else None
    if not isinstance(name, str) or not name:
        raise UserError(f"{file}: has no name: it is the first part of every resource's name")
    return name

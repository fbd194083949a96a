"""Where things lie in a checkout. Everything that a run leaves behind is under `.headroom/`, which git ignores."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from headroom.errors import UserError


@dataclass(frozen=True)
class Checkout:
    """A folder with a Pulumi.yaml, and the places of the local stack in it."""

    root: Path

    @property
    def own(self) -> Path:
        """Everything local: made by the commands, removed by `make clean`."""
        return self.root / ".headroom"

    @property
    def bin(self) -> Path:
        """Launchers that stand first on the engine's PATH."""
        return self.own / "bin"

    @property
    def state(self) -> Path:
        """The engine's backend, and beside it the mark it shares with its emulator."""
        return self.own / "state"

    @property
    def mark(self) -> Path:
        """The text that state and emulator have in common."""
        return self.state / "mark"

    @property
    def home(self) -> Path:
        """The engine's own PULUMI_HOME, so that the user's login and plugins stay untouched."""
        return self.own / "home"

    @property
    def logs(self) -> Path:
        """The emulator's output."""
        return self.own / "logs"

    @property
    def emulator(self) -> Path:
        """The record by which later commands find the running emulator."""
        return self.own / "emulator.json"

    @property
    def lock(self) -> Path:
        """Held by whoever changes the local stack or its emulator."""
        return self.own / "lock"

    @property
    def project(self) -> str:
        """The project's name, from Pulumi.yaml.

        Raises:
            UserError: Pulumi.yaml is not YAML, or has no name.
        """
        try:
            content = yaml.safe_load((self.root / "Pulumi.yaml").read_text())
        except yaml.YAMLError as error:
            raise UserError(f"Pulumi.yaml: is not YAML: {' '.join(str(error).split())}") from None
        name = content.get("name") if isinstance(content, dict) else None
        if not isinstance(name, str):
            raise UserError(f"Pulumi.yaml: name: must be the project's name, got {name!r}")
        return name

    def stack_file(self, stack: str) -> Path:
        """The settings of a stack."""
        return self.root / f"Pulumi.{stack}.yaml"


def find_checkout(start: Path | None = None) -> Checkout:
    """The checkout that `start` (else the current folder) lies in.

    Raises:
        UserError: there is no Pulumi.yaml here or above.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return Checkout(folder)
    raise UserError(f"{here}: no Pulumi.yaml here or in a folder above: run this inside the checkout")

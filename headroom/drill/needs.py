"""What the drill needs beyond the project's own dependencies: the extra `drill`."""

import importlib.util

from headroom.errors import UserError

_MODULES = ("asyncpg", "jinja2", "matplotlib", "numpy", "psutil")


def check_extra() -> None:
    """See that the extra is installed.

    Raises:
        UserError: it isn't; the message says how.
    """
    missing = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"the drill needs {', '.join(missing)}: run `make setup` in the checkout")

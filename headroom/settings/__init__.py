"""The stack file: the only place where a config key is spelled.

`load` reads a file, `parse` what the engine hands to the program; both give the same `Settings`, or one `SettingsError`
that lists everything that is wrong. `Settings.stack` is the budget's question about the file.
"""

from headroom.settings.demand import subscription
from headroom.settings.demand_rules import MASTER_USER
from headroom.settings.errors import SettingsError
from headroom.settings.names import Named, project_of
from headroom.settings.parsing import dump, load, parse
from headroom.settings.profiles import Environment
from headroom.settings.stack_file import Settings
from headroom.settings.supply import ExistingNetwork, NewNetwork

__all__ = [
    "MASTER_USER",
    "Environment",
    "ExistingNetwork",
    "Named",
    "NewNetwork",
    "Settings",
    "SettingsError",
    "dump",
    "load",
    "parse",
    "project_of",
    "subscription",
]

"""What AWS's parameter groups take, by family: names, what may change at once, values. By AWS's own lists (`lists/`).

This package knows nothing of the product around it: the local AWS plugin, the emulator and the policies all ask it.
"""

from headroom.parameter_groups.family import Family, Parameter, families, family
from headroom.parameter_groups.judge import LEVELS, Given, Problem, problems, unknown_family

__all__ = ["LEVELS", "Family", "Given", "Parameter", "Problem", "families", "family", "problems", "unknown_family"]

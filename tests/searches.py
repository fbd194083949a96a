"""How long tests search for a counterexample: a little each time, or at full length (`make test-full`)."""

import os

from hypothesis import settings

TIMES = 30 if os.environ.get("HYPOTHESIS_PROFILE") == "full" else 1
"""What a search's usual length is multiplied by."""

# No deadline: a busy machine is no counterexample. The length is for what doesn't set one of its own.
settings.register_profile("usual", max_examples=TIMES * settings().max_examples, deadline=None)
settings.load_profile("usual")


def searched(examples: int) -> int:
    """How many examples a search tries that usually tries so many."""
    return TIMES * examples

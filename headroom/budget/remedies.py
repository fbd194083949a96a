"""Ways out of a budget that doesn't fit: each was applied, evaluated, and found to fit and to harm nobody.

Cheapest first: settings cost nothing, a proxy and readers cost vCPUs, a larger class costs most. Where no single change
is enough there may be none; then that is the answer. Each is a list of edits that the stack file's own rules accept.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

from headroom.budget import dearer_ways_out, ways_out
from headroom.budget.evaluate import evaluate
from headroom.budget.model import Stack
from headroom.budget.result import Budget, Remedy

MOST = 3
# Said of serverless's minimum once its maximum is enough: no new trouble where that wasn't.
_WORSE = {"serverless-memory": "memory", "serverless-reconnect": "reconnect"}


def remedies(stack: Stack) -> list[Remedy]:
    """Up to three changes that make the stack fit, cheapest first; none where it fits, or where nothing was found."""
    before = evaluate(stack)
    if before.fits:
        return []

    def first(ways: Iterator[Remedy]) -> Remedy | None:
        return next((way for way in ways if _helps(before, evaluate(way.stack))), None)

    # One of each kind, in the order of their cost: three ways to say the same thing are one way out.
    kinds = (ways_out.lower_a_pool, ways_out.other_percent, ways_out.other_max_connections)
    settings = [way for kind in kinds if (way := first(kind(stack))) is not None]
    if not settings and (both := first(ways_out.other_percent_and_limit(stack))) is not None:
        settings = [both]
    kinds = (dearer_ways_out.through_a_proxy, dearer_ways_out.more_readers, dearer_ways_out.larger_class)
    dearer = (way for kind in kinds if (way := first(kind(stack))) is not None)
    return list(islice(chain(settings, dearer), MOST))


def _helps(before: Budget, after: Budget) -> bool:
    """It fits, and nothing is objected to that wasn't before: no way out leads into the next trouble."""
    were = Counter(f.code for f in before.findings)
    more = Counter(f.code for f in after.findings) - were
    return after.fits and all(_WORSE.get(code) in were for code in more)

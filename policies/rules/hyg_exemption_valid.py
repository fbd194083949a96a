"""hyg-exemption-valid: an exemption says why, whose it is and until when, and there is something that it exempts."""

from collections.abc import Iterator

from policies.reading.aurora import Reading
from policies.rule import MANDATORY, Finding, Kind, Rule


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    if reading.exemptions is None:
        return
    for exemption, objection, remedy in reading.exemptions.objections():
        yield Finding(
            urn="",
            found=f"{exemption} {objection}",
            allowed="it exempts nothing: what it was for counts again",
            remedy=remedy,
        )
    stack = next(iter(reading.resources.by_urn), "")
    for exemption in reading.exemptions.unmatched(stack):
        yield Finding(
            urn="",
            found=f"{exemption} matches no finding",
            allowed="what it is for is repaired, or was found only where a value was still unknown",
            remedy="delete it if no preview of a new stack needs it, or correct its urn",
            kind=Kind.ADVICE,
        )


RULE = Rule(
    id="hyg-exemption-valid",
    title="Every exemption has a reason, an owner and an end, and matches something.",
    why=(
        "An exemption that nobody owns stays for ever, and covers the next mistake too. Pulumi itself knows none; "
        "where tools know them, most let them live on unseen."
    ),
    predicate=(
        "Refuses an exemption without rule, urn, reason, owner or expiry date, one whose day has passed (on the day "
        "itself it still holds), and one for a rule that doesn't exist. Advises about one that matches no finding in "
        "the stack that its urn speaks of: a value that can't be proven in a preview is known at the end of the "
        "update. Exempted findings stay in every report, as advice."
    ),
    unknown="It reads no resource: exemptions stand in the config.",
    remedy="Renew it with a new reason, or delete it.",
    sources=(
        "Trivy, .trivyignore.yaml: expired_at, statement",
        "cdk-nag: an acknowledgement needs a reason",
        "https://github.com/pulumi/pulumi-policy/issues/225",
    ),
    dev=MANDATORY,
    unknown_refused_in=frozenset({"prod", "staging", "dev"}),
    check=check,
)

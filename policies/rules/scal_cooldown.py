"""scal-cooldown: replicas come quickly and go slowly."""

from collections.abc import Iterator

from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, DISABLED, Finding, Rule, Setting, unproven

OUT = "targetTrackingScalingPolicyConfiguration.scaleOutCooldown"
IN = "targetTrackingScalingPolicyConfiguration.scaleInCooldown"


def check(reading: Reading, *, scale_out_seconds_most: int) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        for policy in cluster.scaling_policies:
            out, in_ = policy.read(OUT, int), policy.read(IN, int)
            for blank in (value for value in (out, in_) if isinstance(value, Blank)):
                yield unproven(blank)
            if isinstance(out, int) and out > scale_out_seconds_most:
                yield _slow(cluster, policy, out, scale_out_seconds_most)
            elif isinstance(out, int) and isinstance(in_, int) and in_ < out:
                yield _hasty(cluster, policy, out, in_)


def _slow(cluster: AuroraCluster, policy: Resource, out: int, most: int) -> Finding:
    return Finding(
        urn=policy.urn,
        found=f"{cluster.name} asks for the next replica only {out:,} s after the last one",
        allowed=f"at most {most:,} s: a replica itself takes 5 to 15 minutes more",
        remedy=f"set scaleOutCooldown to {most:,} or less",
    )


def _hasty(cluster: AuroraCluster, policy: Resource, out: int, in_: int) -> Finding:
    return Finding(
        urn=policy.urn,
        found=f"{cluster.name} removes a replica after {in_:,} s, sooner than the {out:,} s after which it adds one",
        allowed="a sale comes in waves: a replica that goes between two of them is missing at the second",
        remedy=f"set scaleInCooldown above {out:,}",
    )


RULE = Rule(
    id="scal-cooldown",
    title="Replica autoscaling adds quickly and removes no sooner than it adds.",
    why="A reader takes minutes to come; the load that asked for it doesn't wait, and comes back.",
    predicate=(
        "Notes a scaleOutCooldown above `scale_out_seconds_most`, and a scaleInCooldown below scaleOutCooldown. Unset "
        "is 300 s for both, which passes. Advice: the budget holds without replicas that haven't come."
    ),
    unknown="An unknown cooldown may be an hour: not proven.",
    remedy="Set scaleOutCooldown to 300 s or less and scaleInCooldown above it.",
    sources=("Application Auto Scaling API Reference, TargetTrackingScalingPolicyConfiguration: 300 s by default",),
    settings=(
        Setting(
            name="scale_out_seconds_most",
            default=300,
            unit="seconds",
            lowest=0,
            highest=3600,
            reason="AWS's default; shorter asks for a second replica before the first one can help.",
        ),
    ),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)

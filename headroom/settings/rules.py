"""All rules over a stack file. Each yields the problems that it finds, so that they come all at once."""

from dataclasses import fields

from headroom.settings import demand_rules, serverless_rules, supply_rules
from headroom.settings.draft import Draft
from headroom.settings.errors import Problem

SECTIONS = tuple(f.name for f in fields(Draft) if f.name != "given")
RULES = (
    supply_rules.network_is_listed_once,
    supply_rules.version_belongs_to_engine,
    supply_rules.classes_are_known,
    supply_rules.classes_are_offered,
    supply_rules.max_connections_is_possible,
    serverless_rules.serverless_fits_its_class,
    serverless_rules.serverless_fits_its_version,
    supply_rules.timeouts_nest,
    supply_rules.readers_add_up,
    demand_rules.services_are_told_apart,
    demand_rules.users_are_not_reserved,
    demand_rules.databases_are_not_reserved,
    demand_rules.pools_lead_somewhere,
    demand_rules.services_are_plausible,
    demand_rules.events_are_possible,
    demand_rules.readers_of_events_dont_meet,
    demand_rules.targets_are_told_once,
)


def check(draft: Draft) -> list[Problem]:
    """All problems that the rules find."""
    return [problem for rule in RULES for problem in rule(draft)]

"""What is known of each causal arrow: the parameters that give it its strength, and their sources."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from sim.config import Config
from sim.measures import CATALOGUE

ASSUMED, SIZE_ASSUMED, SOURCED = "assumed", "size assumed", "sourced"
"""Nothing is known; that it acts is known, and how much is not; both are."""


class Evidence(NamedTuple):
    """What is known of an arrow.

    Attributes:
        kind: ``ASSUMED``, ``SIZE_ASSUMED`` or ``SOURCED``: the weakest of its parameters.
        source: That parameter's source.
        parameters: Keys of the parameters that give it its strength.
    """

    kind: str
    source: str
    parameters: tuple[str, ...]


STRENGTHS: dict[str, str] = {
    "accounts_to_problems": "issues.rate.accounts", "accounts_to_satisfaction": "perception.opacity",
    "accounts_to_trust": "perception.trust_from_opinion perception.trust_speed",
    "amenities_to_satisfaction": "perception.needs_young.amenities perception.needs_elderly.amenities",
    "appeal_to_pay": "moral_appeal.boost", "calls_to_bills": "staff_visits.every",
    "calls_to_street_trust": "handling.hears handling.street_prior", "capture_to_revenue": "fund.takes",
    "causes_to_calls": "participation.while_stands",
    "change_of_firm_to_grievance": "conflict.fresh_start", "choice_to_trust": "assembly.goodwill",
    "committee_to_accounts": "committee.discloses", "committee_to_handling": "committee.hours",
    "committee_to_image": "committee.image_working", "committee_to_revenue": "fund.claims",
    "committee_to_supervision": "committee.confronts",
    "committee_trust_to_votes": "assembly.spend_trust committee.agrees_trust",
    "competence_to_choice": "assembly.choice", "condition_to_misuse": "commons.need",
    "condition_to_problems": "issues.rate.facilities",
    "condition_to_satisfaction": "perception.needs_working.facilities perception.contrast",
    "conflict_to_pay": "fees.strike",
    "contact_to_pay": "member_contact.boost participation.contact_keeps",
    "contacts_to_estranged": "participation.reacquaints",
    "credit_to_effort": "credit_file.stars credit_file.warned credit_file.summoned",
    "developer_to_pay": "developer.pays_vacant", "digital_to_attendance": "participation.digital_saves",
    "discontent_to_elections": "committee.attempts_content",
    "distrust_to_dismissal": "assembly.distrusted", "drive_to_committees": "committee_drive.support",
    "duty_to_handling": "handling.unclear.common_space",
    "efficacy_to_attendance": "participation.efficacy",
    "efficacy_to_candidates": "committee.candidates_unheard",
    "efficacy_to_self_running": "firm.self_runs firm.renews", "efficacy_to_voices": "voices.efficacy",
    "effort_to_condition": "service.repair.facilities",
    "enforcement_to_misuse": "joint_enforcement.push",
    "estranged_to_attendance": "participation.estranged",
    "estranged_to_cell_trust": "perception.estranges", "exit_to_emergency": "firm.emergency",
    "failed_votes_to_committee_trust": "committee.vote_trust", "first_months_to_newcomers": "",
    "force_to_cell_trust": "joint_enforcement.anger joint_enforcement.neighbours",
    "free_habit_to_pay": "fees.free_habit", "free_habit_to_votes": "assembly.first_free",
    "fund_to_repair": "fund.mends fund.yuan_per_m2",
    "grievance_to_attendance": "participation.salience",
    "grievance_to_conflict": "conflict.threshold_open",
    "grievance_to_pay": "fees.grievance fees.company", "grievance_to_voices": "voices.grievance",
    "habit_to_pay": "fees.habit fees.habit_keeps", "hardship_to_pay": "fees.burden",
    "image_to_committee_trust": "perception.trust_speed",
    "income_to_effort": "firm.full_cost firm.least_staff", "legacy_to_grievance": "conflict.legacy",
    "legacy_to_problems": "issues.rate.developer", "legacy_to_trust": "perception.trust_from_legacy",
    "loss_to_exit": "firm.leaves firm.loss_patience", "mediation_to_grievance": "conflict.calms",
    "meetings_to_cell_trust": "participation.meeting_trust",
    "meetings_to_efficacy": "participation.efficacy_speed",
    "meetings_to_grievance": "participation.relief", "meetings_to_repair": "fund.gives",
    "meetings_to_ties": "network.meet", "misuse_to_condition": "service.misuse_load.facilities",
    "misuse_to_problems": "issues.rate.common_space", "money_to_handling": "issues.costly.facilities",
    "neighbours_to_conflict": "population.threshold_mean population.threshold_sd",
    "neighbours_to_misuse": "commons.imitation", "neighbours_to_norm": "fees.norm_speed",
    "neighbours_to_satisfaction": "perception.hearsay", "neighbours_to_voices": "voices.seen",
    "norm_to_pay": "fees.norm_conditional fees.norm_others", "parking_to_misuse": "parking.crowding",
    "parking_to_problems": "issues.rate.parking",
    "petitions_to_legacy": "developer.remedies developer.remedy_share",
    "pledge_to_pay": "lead_by_paying.pledge", "price_to_pay": "fees.price fees.worth fees.price_cut",
    "problems_to_attention": "community.attention_need",
    "problems_to_grievance": "conflict.own_issue conflict.building_issue",
    "problems_to_satisfaction": "perception.own_issue",
    "published_to_norm": "disclosure.published fees.norm_speed",
    "rate_to_entry": "firm.enters firm.expects_least", "reminders_to_bills": "bills.reminded",
    "reminders_to_pay": "fees.dunning", "rents_to_grievance": "parking.anger",
    "revelations_to_trust": "perception.trust_from_revealed",
    "satisfaction_to_grievance": "conflict.discontent", "satisfaction_to_pay": "fees.service",
    "satisfaction_to_trust": "perception.trust_from_opinion",
    "satisfaction_to_votes": "assembly.price_satisfied assembly.first_need",
    "self_running_to_pay": "fees.common_purse", "self_running_to_tiring": "firm.tires",
    "service_to_estranged": "perception.turns_to_firm",
    "shortfall_to_price_votes": "assembly.price_asks", "skimming_to_elections": "firm.obstruction",
    "solved_to_efficacy": "handling.heard", "solved_to_grievance": "handling.relief handling.unsolved",
    "solved_to_trust": "handling.solved_trust handling.unsolved_trust",
    "standards_to_effort": "service_standard.care", "stirring_to_grievance": "committee.stirs",
    "suits_to_pay": "fee_suits.paid", "supervision_to_effort": "firm.supervised_care",
    "supervision_to_skimming": "firm.supervised_skimming", "support_to_elections": "committee.convenes",
    "support_to_steadiness": "committee.care_steadies", "tasks_to_members": "cell.recruits",
    "trust_to_firm_votes": "assembly.change_distrust", "trust_to_pay": "fees.trust",
    "trust_to_voices": "voices.trust", "unsolved_to_voices": "voices.unanswered",
    "visits_to_grievance": "participation.visit_calms", "visits_to_trust": "participation.visit_trust",
    "votes_to_norm": "", "willingness_to_old_debts": "bills.pays_back",
    "year_end_to_pay": "bills.year_end",
}  # fmt: skip
"""Keys of the parameters that give each arrow most of its strength, read from its rule; those of a measure, as
``moral_appeal.boost``, where a measure alone gives it, and of those that several give the one that gives most. An arrow
without any is the form of the rule itself."""


def evidence_of(arrow: str) -> Evidence:
    """What is known of an arrow; one whose strength no parameter gives is assumed."""
    sources = _sources()
    keys = tuple(key for key in STRENGTHS.get(arrow, "").split() if key in sources)
    known = [(_kind(sources[key]), sources[key]) for key in keys]
    # A link is known no better than the least known of what gives it its strength.
    kind, source = min(known, key=lambda one: _RANK.index(one[0]), default=(ASSUMED, ASSUMED))
    return Evidence(kind, source, keys)


_RANK = (ASSUMED, SIZE_ASSUMED, SOURCED)


def _kind(source: str) -> str:
    plain = source.strip().lower()
    if plain in ("", ASSUMED) or plain.startswith("assumed"):
        return ASSUMED
    return SIZE_ASSUMED if "assumed" in plain else SOURCED


@cache
def _sources() -> dict[str, str]:
    found = {row.key: row.source for row in Config.describe()}
    for name, measure in CATALOGUE.items():
        found |= {f"{name}.{row.key}": row.source for row in measure.Parameters.describe()}
    return found

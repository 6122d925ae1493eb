"""Named values: all that institutions and measures can change about a month, in one record per compound.

At the start of a month every value is set to what the institutions offer on their own; then each
measure in force changes values in the order of the policy. Mechanisms only ever read the record, so
what a measure does is seen in one place and overlaps combine explicitly.
"""

from __future__ import annotations

SIGNALS: dict[str, tuple[float, str]] = {
    # what households meet
    "transparency": (0.0, "share of the firm's accounts that residents can check, 0 to 1"),
    "published": (0.0, "weight of the published collection rate in what residents think is normal"),
    "revealed": (0.0, "share of public revenue seen to have been skimmed this month"),
    "price_ratio": (1.0, "fee asked relative to the local usual fee"),
    "dunning": (0.0, "intensity of reminders by the firm, 0 to 1"),
    "appeal": (0.0, "push on all to pay from letters that appeal to duty, in logits"),
    "legacy": (0.0, "weight of the developer's broken promises on daily life, 0 to 1"),
    "blame": (1.0, "share of that legacy which residents lay at the firm's door"),
    "committee_image": (0.5, "what owners see of their committee, 0 to 1"),
    "developer_pays": (0.0, "chance that the developer pays the fee of a vacant unit"),
    # members and cell
    "lead": (0.0, "extra visibility of party members who pay, in the norm neighbours perceive"),
    "pledge": (0.0, "push on active members to pay first, in logits"),
    "visit_share": (0.0, "share of households assigned to a contact member"),
    "visit_every": (1.0, "months between two visits to an assigned household"),
    "visit_boost": (0.0, "effect of one full visit on paying, in logits"),
    "door_share": (0.0, "share of households in debt or complaint that staff call on this month"),
    "door_full": (1.0, "hours there are for each hour those calls ask, at most 1"),
    "door_boost": (0.0, "effect of one full call on paying, in logits"),
    "door_firm": (
        0.0,
        "share of those calls made by the firm's staff; the rest by the community's",
    ),
    "cell_fidelity": (1.0, "hours the cell has for each hour its tasks ask, at most 1"),
    "cell_hours": (1.0, "hours an active member gives, relative to usual"),
    "cell_recruits": (0.0, "extra share of idle members who become active in a month"),
    "mediation": (0.0, "share of households in conflict that a mediator reaches"),
    # meetings and votes
    "meeting_share": (0.0, "share of buildings that meet this month"),
    "invitation": (0.0, "push to attend a meeting, in logits"),
    "canvass": (0.0, "push to take part in a vote of all owners, in logits"),
    "canvass_hours": (
        0.0,
        "hours that officials and activists go from door to door for a vote this month",
    ),
    "mixing": (0.0, "share of the civic-minded who join a neighbours' activity this month"),
    "digital": (0.0, "reach of the digital channel for reports and meetings, 0 to 1"),
    # issues: who finds them, who has hours for them
    "asks_for_reports": (0.0, "push to tell the grid worker, in logits"),
    "platform_young": (0.0, "share of young households that can report on a platform"),
    "platform_working": (0.0, "share of working-age households that can report on a platform"),
    "platform_elderly": (0.0, "share of elderly households that can report on a platform"),
    "detect_grid": (0.0, "chance that a grid worker finds a problem in a month"),
    "detect_firm": (0.0, "chance that the firm's own patrol finds a problem in a month"),
    "building_hours": (0.0, "hours for issues at building level"),
    "compound_hours": (0.0, "hours for issues at compound level (firm, committee, cell)"),
    "community_hours": (0.0, "hours for issues at community level"),
    "street_hours": (0.0, "hours for issues at street level (departments)"),
    "district_hours": (0.0, "hours for issues at district level"),
    "whistle": (0.0, "share of issues, otherwise left unsolved, that rise a level instead"),
    "lead_department": (0.0, "share of the passing on that a department in the lead ends, 0 to 1"),
    "hard_case_gain": (0.0, "gain in the chance that street or district solve an issue, relative"),
    "revisit": (0.0, "gain in trust from solved issues that are followed up by a visit, relative"),
    "diligence_gain": (0.0, "share of the slack in the firm's care that a standard removes"),
    "cleaning_care": (
        0.0,
        "share of the slack left in the care of its cleaners that watching their rounds removes",
    ),
    "supervision": (0.0, "strength of supervision over the firm, 0 to 1"),
    "committee_care": (0.0, "strength of support and supervision for the committee, 0 to 1"),
    "candidate_bar": (0.0, "share of willing candidates that vetting turns away"),
    "party_rule": (0.0, "smallest share of party members a newly elected committee may have"),
    "training": (0.0, "gain in competence of a newly elected committee"),
    # commons
    "enforcement": (0.0, "push against misuse of common space, in logits"),
    "firm_present": (1.0, "1 if a firm serves the compound, else 0"),
}
"""Name -> (neutral value, meaning with unit)."""

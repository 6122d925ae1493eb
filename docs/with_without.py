"""Each mechanism with its arrow and without it: one small panel for each, over months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.errors import known_language
from sim.figures import style
from sim.figures.axes import line, name_of, value_axis
from sim.figures.axes import panels as axes_of
from sim.outcomes import INDICATORS

_SMALL = {"households": 120, "buildings": 3, "stairs_per_building": 2, "floors": 10}
_WORKING = {"committee": {"state": "working"}}
_LEAVING = {
    "population": _SMALL,
    "firm": {"loss_patience": 2, "leaves": 0.5, "reserve_months": 0.5},
}
"""A street of small compounds whose firms hold out for a short time only."""


@dataclass(frozen=True)
class Panel:
    """One mechanism: its arrow, where it is looked at, and what is read.

    Attributes:
        arrow: Its name.
        indicator: What is drawn.
        scenario: The case.
        policy: What is done from month 1 on.
        since: First month drawn.
        months: Last month drawn.
        settings: Further settings.
    """

    arrow: str
    indicator: str
    scenario: str = "ordinary_estate"
    policy: str = "none"
    since: int = 0
    months: int = 36
    settings: dict[str, Any] = field(default_factory=dict)


PANELS = (
    Panel("year_end_to_pay", "collection_to_date", months=24),
    Panel("reminders_to_pay", "collection_all_money", "kangqiao", since=-24, months=12),
    Panel("suits_to_pay", "collection_all_money", "kangqiao", "fee_suits"),
    Panel("calls_to_bills", "collection_all_money", "kangqiao", "staff_visits"),
    Panel("willingness_to_old_debts", "collection_all_money", "kangqiao", "five_level_linkage"),
    Panel("price_to_pay", "collection_rate", settings={"bills": {"usual_price_fen": 90}}),
    Panel("votes_to_norm", "collection_rate", "tongqiao", "committee_drive", months=60, settings=_LEAVING),
    Panel("income_to_effort", "firm_staff", "kangqiao", since=-36, months=12),
    Panel("loss_to_exit", "firm_present", "kangqiao", since=-36),
    Panel("exit_to_emergency", "firm_present", "tongqiao", since=-36, months=24, settings=_LEAVING),
    Panel("rate_to_entry", "firm_present", "kangqiao", months=60),
    Panel("self_running_to_tiring", "firm_present", months=60, settings={
        "population": _SMALL, "firm": {"present": False, "self_runs": 0.5, "enters": 0.0}}),
    Panel("distrust_to_dismissal", "firms_dismissed", "tongqiao", "committee_drive", months=60, settings={
        **_LEAVING, "firm": {"leaves": 0.0, "renewal_loss": 1.0}}),
    Panel("shortfall_to_price_votes", "assemblies_held", months=60, settings={
        "firm": {"full_cost": 1.2}, "fund": {"yuan_per_m2": 0.0}, "developer": {"legacy": 0.0},
        "committee": {"state": "working", "idles": 0.0, "captured": 0.0}}),
    Panel("drive_to_committees", "committee_or_interim", "kangqiao", "committee_drive"),
    Panel("capture_to_revenue", "revenue_taken_yuan", months=48, settings={
        "committee": {"state": "working", "idles": 0.0, "captured": 0.05}}),
    Panel("committee_to_supervision", "firm_effort", settings={
        "committee": {"state": "working", "idles": 0.0, "captured": 0.0}}),
    Panel("fund_to_repair", "condition_facilities", "tongqiao", "committee_drive", months=60, settings={
        "population": _SMALL}),
    Panel("meetings_to_repair", "condition_facilities", "kangqiao", "building_meetings", settings={
        "fund": {"yuan_per_m2": 0.0}}),
    Panel("parking_to_problems", "issues_arisen", settings={"parking": {"places_each": 0.1}}),
    Panel("rents_to_grievance", "grievance", months=24, settings={
        "scenario__history": {"parking_rents": {"start": 1}}}),
    Panel("amenities_to_satisfaction", "satisfaction_elderly", "kangqiao", "all_age_renewal"),
    Panel("credit_to_effort", "firm_effort", "kangqiao", "credit_file", months=24),
    Panel("service_to_estranged", "trust_cell", months=60),
    Panel("estranged_to_attendance", "attendance", policy="building_meetings", months=24),
    Panel("first_months_to_newcomers", "satisfaction", "kangqiao", settings={
        "population": {"tenant_share": 0.5}, "turnover": {"tenant_moves": 0.1}}),
)  # fmt: skip
"""A panel for each mechanism of bills, firms, owners, named parts and newcomers."""

_WORDS = {
    "en": {"with": "with the arrow", "without": "without it (cut from the first month on)", "x": "month"},
    "zh": {"with": "有该箭头", "without": "自首月起切断", "x": "月份"},
}  # fmt: skip
_ACROSS, _WIDE = 4, {"en": 34, "zh": 18}


def with_and_without(
    numbers: pd.DataFrame, panels: Sequence[Panel], language: str = "en"
) -> Figure:
    """Draw means over seeds with 95% intervals, a panel per mechanism.

    Args:
        numbers: Columns arrow, cut (false, true), month, mean, low, high.
        panels: In their order.
        language: "en" or "zh".

    Raises:
        InputError: Another language.
    """
    known_language(language)
    words = _WORDS[language]
    with style.journal_style(language):
        figure = style.new_figure(style.DOUBLE, 1.35 * -(-len(panels) // _ACROSS) + 0.4)
        for axes, panel in zip(axes_of(figure, len(panels), _ACROSS), panels, strict=True):
            part, indicator = numbers[numbers["arrow"] == panel.arrow], INDICATORS[panel.indicator]
            for cut, colour in ((False, style.BLUE), (True, style.VERMILION)):
                of = part[part["cut"] == cut]
                x, mean, low, high = (
                    of[c].to_numpy(float) for c in ("month", "mean", "low", "high")
                )
                if indicator.share:
                    low, high = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
                axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
                line(axes, x, mean, color=colour, linewidth=1.0)
            top = part["mean"].max() if indicator.share else part[["mean", "high"]].max().max()
            value_axis(axes, indicator, float(top) if top == top else 1.0, language)
            arrow = panel.arrow.replace("_to_", " → ").replace("_", " ")
            axes.set_title(f"{arrow}\n{name_of(indicator, language)}", fontsize="small")
            axes.yaxis.label.set_fontsize("x-small")
            axes.tick_params(labelsize="x-small")
        lines = [
            Line2D([], [], color=style.BLUE, label=words["with"]),
            Line2D([], [], color=style.VERMILION, label=words["without"]),
        ]
        figure.legend(handles=lines, loc="outside upper center", ncols=2)
        figure.supxlabel(words["x"], fontsize="small")
    return figure

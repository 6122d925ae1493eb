"""Checks of level: what untouched compounds and districts show, beside what is known of many compounds.

Each check is a row of ``LEVELS``: who is lived, what is read of a run, and the band its source allows. Ids are those
of ``cases/distributions.csv`` (D) and ``cases/cases.csv`` (K). No band is moved to fit the model, and a source that
allows much is said to test little by ``no_test``, which is found by draws of the main parameters.

Left out, and why: D022, D039 and D060 (opinions the model does not hold), D016, D028 and D040 (compounds that never had
a firm, which no generic estate is), D075 to D077 (suits a firm chooses to bring), D042, D066 and D073 (what is
complained of, and to whom: no indicator).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from sim import known
from sim.config import OFF, Config
from sim.experiments.run import spread
from sim.outcomes import WORST, top_share
from sim.science.holding import (
    ABSENT,
    Band,
    drawn,
    draws_of,
    frame_of,
    together,
    verdict_of_mean,
    verdict_of_spread,
    with_draw,
)
from sim.science.untouched import POPULATIONS, YEARS, Absent, Lived, live_untouched

ORDINARY, DISTRICT = "ordinary", "district"


@dataclass(frozen=True)
class Level:
    """One check of level.

    Attributes:
        name, en, zh: Name, and what is read, in words.
        population: Whom of ``POPULATIONS``.
        definition: How it is counted and when.
        value: From a run to its number, NaN where it has none.
        band: What the source allows.
        unit: "1" for shares.
        events: Of events that a run has few of: how many stand behind its number, or ``alike``. All runs are then
            counted together, as the source counted over hundreds of compounds or more.
    """

    name: str
    en: str
    zh: str
    population: str
    definition: str
    value: Callable[[Lived], float]
    band: Band
    unit: str = "1"
    events: Callable[[Lived], float] | None = None


# --- what is read of a run ----------------------------------------------------------------------


def collected(calendar: int, indicator: str = "collection_to_date") -> Callable[[Lived], float]:
    """Mean over compounds and years of a rate at the end of a calendar month."""
    return lambda lived: float(known.mean(lived.at(indicator, calendar)))


def overall(indicator: str) -> Callable[[Lived], float]:
    """Mean over all months and compounds."""
    return lambda lived: lived.mean(indicator)


def compounds_where(
    indicator: str, calendar: int, low: float, high: float = np.inf
) -> Callable[[Lived], float]:
    """Share of compounds whose yearly mean lies from ``low`` to below ``high``."""

    def share(lived: Lived) -> float:
        values = lived.by_compound(indicator, calendar)
        there = values[~np.isnan(values)]
        return float(known.mean((there >= low) & (there < high)))

    return share


def good_before_the_end(lived: Lived) -> float:
    """Of compounds that end a year at 97% or more, what they had by the end of September."""
    september, december = (lived.at("collection_to_date", month) for month in (9, 12))
    return float(known.mean(september[december >= 0.97]))


def unpaid(lived: Lived) -> float:
    """Share of units that owe a part of the last twelve months' fees, at the year's end."""
    return 1.0 - float(known.mean(lived.at("collection_households", 12)))


def satisfaction_of_100(lived: Lived) -> float:
    """Mean satisfaction, of 100."""
    return 100.0 * lived.mean("satisfaction")


def growth(lived: Lived) -> float:
    """Rise of the share of compounds with a committee, in points a year."""
    formed = lived.at("committee_or_interim", 12)
    return 100.0 * float(known.mean(formed[-1]) - known.mean(formed[0])) / (YEARS - 1)


def working_of_formed(lived: Lived) -> float:
    """Of compounds with a committee, the share whose committee is at work."""
    formed, works = (
        lived.at(name, 12)[-1] for name in ("committee_or_interim", "committee_working")
    )
    return float(known.mean(works[formed > 0]))


def committees(lived: Lived) -> float:
    """Compounds with a committee in the last December."""
    return float(np.count_nonzero(lived.at("committee_or_interim", 12)[-1] > 0))


def alike(lived: Lived) -> float:
    """Each run weighs the same, for it has as many compounds and years."""
    return 1.0


def exits(lived: Lived) -> float:
    """Changes of firm a compound and year."""
    gone = lived.new("firm_changes")
    return 12.0 * float(gone.sum()) / gone.size


def changes(lived: Lived) -> float:
    """Changes of firm, of all compounds and months."""
    return float(lived.new("firm_changes").sum())


def exits_in_december(lived: Lived) -> float:
    """Share of firms that go which go in December."""
    gone = lived.new("firm_changes").sum(axis=1)
    return float(known.mean(np.arange(2, 2 + len(gone)) % 12 == 0, weights=gone))


def exits_by_choice(lived: Lived) -> float:
    """Share of firms that go which owners did not dismiss."""
    gone, dismissed = (lived.new(name).sum() for name in ("firm_changes", "firms_dismissed"))
    return float(1.0 - dismissed / gone) if gone else np.nan


def elderly_to_young(lived: Lived) -> float:
    """Elderly households' chance to vote relative to young ones'."""
    return lived.votes["elderly"] / lived.votes["young"]


def members_to_others(lived: Lived) -> float:
    """Party members' households' chance to vote relative to others'."""
    return lived.votes["member"] / lived.votes["none"]


def unhappy_to_happy(lived: Lived) -> float:
    """Dissatisfied households' chance to vote relative to satisfied ones'."""
    return lived.votes["unhappy"] / lived.votes["happy"]


def ties_below(strength: float) -> Callable[[Lived], float]:
    """Share of households whose strongest tie to a neighbour is weaker than that."""
    return lambda lived: float((lived.strongest < strength).mean())


def property_share(lived: Lived) -> float:
    """Property's share of all calls of all compounds and months."""
    calls = lived.of("hotline_calls")
    return float(known.mean(lived.of("property_call_share"), weights=calls))


def tickets_a_compound(lived: Lived) -> float:
    """Property tickets a compound and year."""
    return float(lived.tickets().sum()) / (lived.values.shape[1] * YEARS)


def tickets_of_worst(lived: Lived) -> float:
    """Share of a year's property tickets that come from the 11% of compounds with most; a year without has none."""
    yearly = lived.tickets().reshape(YEARS, 12, -1).sum(axis=1)
    return float(known.mean([top_share(year, WORST) for year in yearly]))


def ticket_noise(lived: Lived) -> float:
    """Mean size of the change of a district's property tickets from one month to the next, in percent."""
    monthly = lived.tickets().sum(axis=1)
    before = np.where(monthly[:-1] > 0, monthly[:-1], np.nan)
    return 100.0 * float(known.mean(np.abs(np.diff(monthly)) / before))


# --- the checks ---------------------------------------------------------------------------------

_TO_DATE = "by money, bills settled since 1 January of the whole year's; mean of three years; "
_YEAR = "by money, current bills of the calendar year, at the end of December; mean of three years"
_MONTHS = "mean over 36 months"
_TOGETHER = "all runs counted together"
_OWNERS = "chance of owners who live there to take part, nobody canvassing, at the end"

NOT_SEARCHED = ("september", "good_september")
"""Checks that the search which set the core's defaults did not look at, see docs/levels.md."""

_ALL: tuple[Level, ...] = (
    # Collection by month of year and definition.
    Level(
        "year", "Fees collected in the year", "全年收缴率", ORDINARY, _YEAR, collected(12, "collection_rate"),
        Band(0.71, 0.90, "as it stands", "EVIDENCE: residential collection rate, 71 to 90 by year and sample", "W",
             "fees.base_conditional", "原文区间"),
    ),
    Level(
        "february", "Collected by the end of February", "至2月末收缴", ORDINARY, _TO_DATE + "end of February",
        collected(2),
        Band(0.13, 0.27, "20 percent in one compound; a third either way for one compound (assumed)", "K070, D062",
             "C", "bills.at_once", "单个小区20%；上下三分之一（假定）"),
    ),
    Level(
        "april", "Collected by the end of April", "至4月末收缴", ORDINARY, _TO_DATE + "end of April", collected(4),
        Band(0.33, 0.67, "just over 50 percent by mid April in one compound; a third either way (assumed)", "K054",
             "B", "bills.later", "单个小区4月中旬略过50%；上下三分之一（假定）"),
    ),
    Level(
        "june", "Collected by early June", "至6月初收缴", ORDINARY, _TO_DATE + "end of May", collected(5),
        Band(0.40, 0.50, "as it stands: one compound", "K103", "B", "bills.later", "原文（单个小区）"),
    ),
    Level(
        "september", "Compounds at 80% or more by the end of September", "至9月末收缴率达80%的小区占比", DISTRICT,
        "share of compounds; " + _TO_DATE + "end of September", compounds_where("collection_to_date", 9, 0.80),
        Band(0.44, 0.84, "12 of 18; Wilson's 95% interval", "D011, K022", "B", "bills.later",
             "18个中12个；威尔逊95%区间"),
    ),
    Level(
        "good_september", "Good compounds by the end of September", "优质小区至9月末收缴", "good_firm",
        "of years that end at 97% or more; " + _TO_DATE + "end of September", good_before_the_end,
        Band(0.80, 0.95, "over 85 in the second half of a year, three compounds that end at 100; 5 points below for "
             "the month and 10 above (assumed)", "D079, K089", "A", "",
             "年末达100%的三个小区下半年85%以上；下5上10个百分点（假定）"),
    ),
    Level(
        "good_year", "Fees collected where the firm is good", "物业服务优质小区全年收缴率", "good_firm", _YEAR,
        collected(12, "collection_rate"),
        Band(0.90, 1.00, "as it stands: over 90 in each of five years over one firm's 30 projects", "D054", "B", "",
             "原文：某企业30个项目连续五年超过90%"),
    ),
    Level(
        "district_year", "Fees collected in a district", "城区全年收缴率", DISTRICT, "mean over compounds; " + _YEAR,
        collected(12, "collection_rate"),
        Band(0.60, 0.90, "from the two lowest (about 60 in a city, about 65 over 28 compounds) to the highest sample",
             "D051, D010, EVIDENCE: residential collection rate", "C", "", "由两处最低（约60%、约65%）至最高样本"),
    ),
    Level(
        "below_70", "Compounds below 70%", "收缴率低于70%的小区占比", DISTRICT, "share of compounds; " + _YEAR,
        compounds_where("collection_rate", 12, 0.0, 0.70),
        Band(0.10, 0.76, "a city with 72 percent of 391 (Wilson's upper end), and one where many lie at 70 to 80 "
             "(read as a tenth or more below, assumed)", "D014, D028", "B", "",
             "一市391个中72%（威尔逊上端）；另一市多在70–80（取一成以上，假定）"),
    ),
    Level(
        "above_90", "Compounds at 90% or more", "收缴率90%及以上的小区占比", DISTRICT, "share of compounds; " + _YEAR,
        compounds_where("collection_rate", 12, 0.90),
        Band(0.01, 0.16, "under 50 of 391 (Wilson's upper end); not common elsewhere; the least is assumed",
             "D014, D028", "B", "", "391个中不足50个（威尔逊上端），他处亦不多见；下限为假定"),
    ),
    Level(
        "unpaid", "Units that owe", "欠费户占比", DISTRICT,
        "units that owe a part of the last twelve months' fees, end of December", unpaid,
        Band(0.14, 0.28, "4,040 households unpaid among 50,000+ people: 21 percent at 2.6 people a household; a third "
             "either way (assumed)", "D037", "A", "", "5万余人中4040户未缴，按户均2.6人计21%；上下三分之一（假定）"),
    ),
    # Satisfaction.
    *(
        Level(
            f"satisfied_{place}", "Satisfied people", "满意居民占比", place, 
            f"says that it is satisfied, satisfaction above 0.6 (perception.satisfied_from); {_MONTHS}",
            overall("satisfied_share"),
            Band(0.26, 0.63, "from the lowest survey to the highest item of a survey of seven cities",
                 "D067, D019, D021", "C", "", "由最低调查至七市调查最高分项"),
        )
        for place in (ORDINARY, "old", "resettlement", DISTRICT)
    ),
    *(
        Level(
            f"satisfaction_{place}", "Mean satisfaction", "平均满意水平", place, f"of 100; {_MONTHS}",
            satisfaction_of_100,
            Band(58.7, 75.4, "from the lowest mean to the highest",
                 "D068, D031, D029, EVIDENCE: 62.6 over 148 compounds in 36 cities", "C", "",
                 "各调查平均分的最低至最高"),
            "of 100",
        )
        for place in (ORDINARY, "new", DISTRICT)
    ),
    # Committees.
    Level(
        "formed", "Compounds with a committee", "业委会组建率", DISTRICT,
        "elected, whatever it does; no interim ones without a drive; mean of three Decembers",
        collected(12, "committee_or_interim"),
        Band(0.145, 0.30, "from Beijing 2005 to Shenzhen",
             "D091, D071, D059, EVIDENCE: Chongqing 23.7; seed 000: about 30", "B", "", "由北京2005年至深圳"),
    ),
    Level(
        "working", "Committees at work, of those formed", "正常履职的业委会占比", DISTRICT,
        f"in the last December; {_TOGETHER}", working_of_formed,
        Band(0.20, 0.40, "about 30 percent of those formed; ten points either way (assumed)", "D059", "B", "",
             "已组建的约30%；上下10个百分点（假定）"),
        events=committees,
    ),
    Level(
        "growth", "Growth of committees without a drive", "无推动时组建率年增长", DISTRICT,
        f"points a year between the first and the last December; {_TOGETHER}", growth,
        Band(0.0, 3.5, "from Shenzhen 2011-21 to Haikou 2018-19", "D091, K097, K101", "B", "",
             "由深圳2011–21年至海口2018–19年"),
        "points/year", events=alike,
    ),
    # Who votes.
    Level(
        "turnout", "Turnout in votes of owners", "业主大会投票参与率", DISTRICT,
        "owners that took part in the last vote of each compound; " + _MONTHS, overall("vote_turnout"),
        Band(0.36, 0.75, "47.9 percent say they voted for a residents' committee, and committees of owners bring out "
             "more (D036); a quarter less, since people overstate it, to somewhat above the quorum of two thirds "
             "(both assumed)", "D063, D036", "A", "participation.vote_member",
             "居委会选举自报47.9%，业委会更高；由其四分之三至略高于三分之二法定线（均为假定）"),
    ),
    Level(
        "turnout_elderly", "Elderly to young, turnout", "老年与年轻住户投票比", ORDINARY, _OWNERS, elderly_to_young,
        Band(1.2, 5.6, "77.7 percent at 70 to 79 to 13.8 at 18 to 29; for whole life stages less, and at least a "
             "fifth more (assumed)", "D063", "A", "participation.vote_member",
             "70–79岁77.7%与18–29岁13.8%之比为上限；下限多五分之一（假定）"),
        "ratio",
    ),
    Level(
        "turnout_party", "Party members to others, turnout", "党员户与其他户投票比", ORDINARY, _OWNERS,
        members_to_others,
        Band(1.17, 1.52, "65.1 to 48.4 percent, 1.35; half to one and a half of the difference (assumed)", "D063", "A",
             "participation.vote_member", "65.1%比48.4%即1.35；取差异的一半至一倍半（假定）"),
        "ratio",
    ),
    Level(
        "turnout_unhappy", "Dissatisfied to satisfied, turnout", "不满意与满意住户投票比", ORDINARY, _OWNERS,
        unhappy_to_happy,
        Band(1.02, 3.0, "lower satisfaction raises voting: direction only (ends assumed)", "D036", "C", "",
             "满意度低者投票更多：仅有方向（两端为假定）"),
        "ratio",
    ),
    # Firms.
    Level(
        "exits", "Compounds that change their firm", "更换物业服务企业的小区占比", DISTRICT,
        f"changes a compound and year; {_TOGETHER}", exits,
        Band(0.017, 0.050, "3.3 percent in 2024; half to one and a half (assumed)",
             "EVIDENCE: cases/README (CRIC 2024)", "B", "", "2024年3.3%；一半至一倍半（假定）"),
        events=alike,
    ),
    Level(
        "exits_december", "Exits in December", "12月退场占比", DISTRICT,
        f"share of changes in the month of December; {_TOGETHER}", exits_in_december,
        Band(0.50, 0.80, "over half name 31 December; the upper end is assumed", "D058", "C", "firm.contract_years",
             "过半为12月31日；上端为假定"),
        events=changes,
    ),
    Level(
        "exits_choice", "Exits not by owners' vote", "非业主解聘的退场占比", DISTRICT,
        f"share of changes without a vote to dismiss; {_TOGETHER}", exits_by_choice,
        Band(0.57, 0.72, "64.7 percent of 173, by the firm's own choice or not renewed; Wilson's 95% interval", "D057",
             "B", "", "173个中64.7%为企业主动或未续约；威尔逊95%区间"),
        events=changes,
    ),
    # Hotline.
    Level(
        "property_share", "Property's share of hotline calls", "物业类占热线比例", DISTRICT,
        "of all calls of 36 months", property_share,
        Band(0.07, 0.40, "from the lowest place to the highest",
             "D001, D002, D004, D034, D037, D070; seed 001: over a third", "A", "", "各地最低至最高"),
    ),
    Level(
        "tickets", "Property tickets a compound", "每小区物业工单", DISTRICT, f"a compound and year; {_TOGETHER}",
        tickets_a_compound,
        Band(10.0, 14.3, "from 9.9 in eleven months to 173,000 valid ones over 12,099 compounds", "D015, D006", "B",
             "voices.ease.hotline", "由11个月9.9件至12099个小区17.3万件"),
        "1/year", events=alike,
    ),
    Level(
        "tickets_worst", "Tickets from the worst 11% of compounds", "投诉最多的11%小区的工单占比", DISTRICT,
        "share of a year's property tickets", tickets_of_worst,
        Band(0.37, 0.57, "47 percent; ten points either way (assumed)", "EVIDENCE: Shanghai 2018", "W", "",
             "47%；上下10个百分点（假定）"),
    ),
    Level(
        "tickets_noise", "Tickets from month to month", "工单月度波动", DISTRICT,
        "mean size of the change of all tickets, percent", ticket_noise,
        Band(12.0, 26.0, "least and most of four: -12, +20, and single streets -26 to +18", "D001, D002", "A", "",
             "四个报道值的最小至最大：-12、+20、-26、+18"),
        "percent",
    ),
    Level(
        "tickets_repeat", "Repeated tickets", "重复工单占比", DISTRICT, _MONTHS, overall("ticket_repeats"),
        Band(0.11, 0.48, "from 11.4 percent sent a second time to 48 from the same compound", "D034, D084", "C",
             "voices.again",
             "由11.4%二次转办至48%同小区重复"),
    ),
    Level(
        "tickets_responded", "Tickets responded to", "工单响应率", DISTRICT, _MONTHS, overall("tickets_responded"),
        Band(0.95, 1.00, "100 percent of those asked; five points less for places that do not print it (assumed)",
             "D003", "A", "", "回访100%；未公布之处下调5个百分点（假定）"),
    ),
    Level(
        "tickets_solved", "Tickets solved", "工单解决率", DISTRICT, _MONTHS, overall("tickets_solved"),
        Band(0.53, 0.99, "from Beijing's first year to a district's", "K046, D045, D003", "A", "",
             "由北京首年至某城区"),
    ),
    Level(
        "tickets_satisfied", "Satisfied of those asked", "回访满意率", DISTRICT, _MONTHS, overall("tickets_satisfied"),
        Band(0.65, 0.95, "from Beijing's first year (65) over 87 to a district's 94.7", "D045, D003, K046", "B",
             "handling.content_solved", "由北京首年65%，经87%，至某城区94.7%"),
    ),
    Level(
        "days", "Days to close", "平均办结天数", DISTRICT, _MONTHS, overall("days_to_close"),
        Band(3.0, 15.0, "limits of 7 days for ordinary and 15 for complex matters; the least is assumed", "D081, D085",
             "B", "", "一般事项7日、复杂事项15日时限；下限为假定"),
        "day",
    ),
    # Ties, and who lives there.
    Level(
        "never_talk", "Never talk to a neighbour", "与邻居从不聊天占比", ORDINARY,
        "households whose strongest tie is nearer to none than to rare chat", ties_below(0.15),
        Band(0.20, 0.31, "24 and 27.5 percent; within a seventh of them (assumed)",
             "D064, EVIDENCE: neighbour ties, Shanghai", "B", "network.share_daily",
             "24%与27.5%；上下七分之一（假定）"),
    ),
    Level(
        "talk_weekly", "Talk to a neighbour weekly or more", "每周及以上聊天占比", ORDINARY,
        "households whose strongest tie is nearer to weekly than to rare chat",
        lambda lived: 1.0 - ties_below(0.425)(lived),
        Band(0.50, 0.63, "56 and over 57 percent; within a ninth of them (assumed)",
             "D064, EVIDENCE: neighbour ties, Shanghai", "B", "network.share_weekly",
             "56%与57%以上；上下九分之一（假定）"),
    ),
    Level(
        "tenants", "Tenants", "租户占比", ORDINARY, "of households that live there, at the end",
        lambda lived: lived.tenants,
        Band(0.14, 0.23, "18.7 percent in one compound; a quarter either way (assumed)", "EVIDENCE: tenants, Chengdu",
             "F", "population.tenant_share", "单个小区18.7%；上下四分之一（假定）"),
    ),
)  # fmt: skip
LEVELS: tuple[Level, ...] = tuple(
    replace(level, band=replace(level.band, searched=level.name not in NOT_SEARCHED))
    for level in _ALL
)
"""All checks of level."""


# --- running them -------------------------------------------------------------------------------


def run_levels(
    seeds: int = 10,
    seed: int = 1,
    draws: int = 24,
    workers: int = 0,
    progress: bool = False,
    levels: tuple[Level, ...] = LEVELS,
    doubt: str = OFF,
) -> pd.DataFrame:
    """Hold untouched compounds and districts against what is known of many.

    Args:
        seeds: Runs of each population.
        seed: The first of their seeds.
        draws: Draws of the main parameters from their prior, to find rows that nearly any meet; 0 for none.
        workers: Processes, 0 for one per core.
        progress: Show a bar per population on standard error.
        levels: Which checks.
        doubt: "on": each run lives a parameter set of its own from the posterior; "off": all the defaults.

    Returns:
        A row per check, see ``holding.frame_of``: ``median``, ``q05`` and ``q95`` over seeds; where all runs are
        counted together, that share and the 90% interval of resampled runs.
    """
    by_name: dict[str, tuple[np.ndarray | None, np.ndarray | None, float | None]] = {}
    for place in dict.fromkeys(level.population for level in levels):
        mine = tuple(level for level in levels if level.population == place)
        config = POPULATIONS[place].config(
            replications=seeds, seed=seed, executor={"workers": workers}, doubt=doubt
        )
        values, events = np.moveaxis(
            np.array(spread(config, partial(_read, mine, config), progress)), 2, 0
        )
        tries = None
        if draws:
            many = config.model_copy(update={"replications": draws})
            each = partial(_read_drawn, mine, config, draws_of(config, draws, seed), seed)
            tries = np.array(spread(many, each, progress))[:, :, 0]
        for k, level in enumerate(mine):
            there = None if np.isinf(values[:, k]).all() else values[:, k]
            met = None if tries is None or there is None else drawn(tries[:, k], level.band)
            by_name[level.name] = there, events[:, k] if level.events else None, met
    return frame_of(_row(level, *by_name[level.name]) for level in levels)


def _row(
    level: Level, values: np.ndarray | None, events: np.ndarray | None, met: float | None
) -> dict[str, object]:
    if values is None:
        values, verdict = np.empty(0), ABSENT
        low, median, high = np.full(3, np.nan)
    elif events is not None:
        low, median, high = together(values, events)
        verdict = verdict_of_mean(level.band, median, low, high)
    else:
        low, median, high = known.quantiles(values, [0.05, 0.5, 0.95])
        verdict = verdict_of_spread(level.band, values)
    return {
        "check": level.name, "en": level.en, "zh": level.zh, "population": level.population,
        "definition": level.definition, "unit": level.unit, "band": level.band,
        "values": values, "median": median, "q05": low, "q95": high,
        "verdict": verdict, "met": met,
    }  # fmt: skip


def _read(levels: tuple[Level, ...], config: Config, seed: int) -> list[tuple[float, float]]:
    """What a run gives for each check, infinite where the model has no such indicator, and events behind it."""
    lived = live_untouched(config.drawn(seed), seed)
    return [
        (_value(level, lived), level.events(lived) if level.events else np.nan) for level in levels
    ]


def _value(level: Level, lived: Lived) -> float:
    try:
        return float(level.value(lived))
    except Absent:
        return np.inf


def _read_drawn(
    levels: tuple[Level, ...], config: Config, draws: pd.DataFrame, first: int, seed: int
) -> list[tuple[float, float]]:
    return _read(levels, with_draw(config, draws, seed - first), seed)

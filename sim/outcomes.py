"""Every indicator, defined once: name, names in two languages, unit, formula.

Each month ``processes.notes`` writes down what indicators are made of: the census of households, the counts
of problems and the state of the institutions, a row of numbers per compound. ``compute`` makes
indicators of such rows, of many months at once; nothing else may compute them again.

A share or mean of nothing is missing (NaN), never 0: fees collected where none are due, days to
close where nothing was closed, satisfaction where nobody lives. A count or sum of nothing is 0.

``give_indicator`` adds one of somebody's own: a number noted each month behind ours, and from then on an
indicator like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import fsum
from types import FunctionType
from typing import Any

import numpy as np

from sim.agents.committee import Capture, State
from sim.errors import InputError
from sim.processes.issues import COUNTS
from sim.processes.notes import NOTES
from sim.processes.service import LINES, Line
from sim.world.process import How, Month, Process, check_takes
from sim.world.units import FEN_PER_YUAN, THOUSAND


class Months:
    """Notes of compounds and months, as indicators read them.

    Args:
        notes: (rows, noted): ``NOTES``, and behind them those of ``OWN`` that there were as it was lived.
    """

    def __init__(self, notes: np.ndarray) -> None:
        ours = len(NOTES)
        self._notes = dict(zip(NOTES, notes.T[:ours], strict=True))
        self._own = dict(zip(OWN, notes.T[ours:], strict=False))
        self._missing = np.full(len(notes), np.nan)

    def __getitem__(self, name: str) -> np.ndarray:
        """One of ``NOTES`` (rows,)."""
        return self._notes[name]

    def own(self, name: str) -> np.ndarray:
        """What was noted for one of ``OWN`` (rows,); missing where it was given only later."""
        return self._own.get(name, self._missing)

    def share(self, counted: str, of: str = "occupied") -> np.ndarray:
        """One note relative to another (rows,); missing where there is nothing to divide by."""
        return _ratio(self[counted], self[of])

    def mean(self, stem: str) -> np.ndarray:
        """Mean (rows,) over the service lines of ``condition`` or ``effort``."""
        lines = np.array([self[f"{stem}_{line}"] for line in range(LINES)])
        return np.array([fsum(row) for row in lines.T.tolist()]) / LINES


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole != 0)


def _where(there: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(there, values, np.nan)


@dataclass(frozen=True)
class Indicator:
    """One indicator.

    Attributes:
        name: Column name in every table.
        en, zh: Labels.
        unit: "1" for shares and states in [0, 1].
        formula: In words and symbols, for the documents.
        compute: From ``Months`` to its values (rows,).
        share: A share or state in [0, 1], shown as percent.
        low, high: Bounds it can never leave, where it is not missing.
        better: +1 if more of it is good, -1 if less is; 0 for means to an end, whose use is in
            what they bring about, and where neither is better.
    """

    name: str
    en: str
    zh: str
    unit: str
    formula: str
    compute: Callable[[Months], np.ndarray]
    share: bool = False
    low: float = 0.0
    high: float = np.inf
    better: int = 0


INDICATORS: dict[str, Indicator] = {}

RATE = {
    "en": "Fees collected: by money, of the last twelve months' bills whose period is over, without old debts; in "
    "December the rate of the calendar year.",
    "zh": "收缴率按金额计：最近十二个月账期已满的账单中已缴的部分，不含清欠；12月即为当年收缴率。",
}
"""Which of the rates in use ``collection_rate`` is: said wherever it is shown."""

OWN: dict[str, Callable[[Any], float]] = {}
"""Indicators of somebody's own, last in ``INDICATORS`` in the same order: what is noted of a compound."""


def _share(
    name: str,
    en: str,
    zh: str,
    formula: str,
    compute: Callable[[Months], np.ndarray],
    better: int = 0,
) -> None:
    INDICATORS[name] = Indicator(
        name, en, zh, "1", formula, compute, share=True, high=1.0, better=better
    )


def _number(
    name: str,
    en: str,
    zh: str,
    unit: str,
    formula: str,
    compute: Callable[[Months], np.ndarray],
    low: float = 0.0,
    better: int = 0,
) -> None:
    INDICATORS[name] = Indicator(name, en, zh, unit, formula, compute, low=low, better=better)


def _condition(line: int) -> Callable[[Months], np.ndarray]:
    return lambda m: m[f"condition_{line}"]


def _amenities(life: int) -> Callable[[Months], np.ndarray]:
    line = int(Line.AMENITIES)
    return lambda m: m[f"built_{life}"] * m[f"condition_{line}"]


def _of_age(name: str) -> Callable[[Months], np.ndarray]:
    return lambda m: m.share(f"{name}_satisfaction", name)


_share(
    "collection_rate",
    "Fees collected",
    "物业费收缴率",
    "by money: of the fees of the last twelve months billed whose period is over, the part paid by now, current "
    "bills only; in December that of the calendar year; missing where none fell due, as without a firm",
    lambda m: _where(m["due_fen"] > 0, 1.0 - m.share("unpaid_fen", "billed_fen")),
    better=+1,
)
_share(
    "collection_households",
    "Households paid up",
    "按户收缴率",
    "by households: units that paid all of the last twelve months billed / units billed; missing where none were",
    lambda m: _where(m["due_fen"] > 0, m.share("paid_up", "billed_units")),
    better=+1,
)
_share(
    "collection_to_date",
    "Collected of this year so far",
    "当年累计收缴率",
    "by money: bills settled since 1 January / fees of the whole calendar year",
    lambda m: _where(
        m["due_fen"] > 0, np.minimum(m.share("year_collected_fen", "year_fees_fen"), 1.0)
    ),
    better=+1,
)
_number(
    "collection_all_money",
    "All fees received this year",
    "当年实收占应收（含清欠和预缴）",
    "1",
    "all fees received since 1 January, old debts and payments ahead too / fees of the whole calendar year",
    lambda m: _where(m["due_fen"] > 0, m.share("year_cash_fen", "year_fees_fen")),
)
_share(
    "satisfied_share",
    "Satisfied residents",
    "居民满意度",
    "occupied households that, asked, say that they are satisfied (satisfaction > perception.satisfied_from)",
    lambda m: m.share("satisfied"),
    better=+1,
)
_share(
    "satisfaction",
    "Mean satisfaction",
    "平均满意水平",
    "mean over occupied households",
    lambda m: m.share("satisfaction"),
    better=+1,
)
_share(
    "trust_firm",
    "Trust in the firm",
    "对物业服务企业的信任",
    "mean over occupied households",
    lambda m: m.share("trust_firm"),
    better=+1,
)
_share(
    "trust_committee",
    "Trust in the committee",
    "对业委会的信任",
    "mean over occupied households",
    lambda m: m.share("trust_committee"),
    better=+1,
)
_share(
    "trust_cell",
    "Trust in cell and community",
    "对党组织和社区的信任",
    "mean over occupied households",
    lambda m: m.share("trust_cell"),
    better=+1,
)
_share(
    "grievance",
    "Mean grievance",
    "平均不满情绪",
    "mean over occupied households",
    lambda m: m.share("grievance"),
    better=-1,
)
_share(
    "efficacy",
    "Feeling of being heard",
    "参与效能感",
    "mean over occupied households",
    lambda m: m.share("efficacy"),
    better=+1,
)
_share(
    "estranged",
    "Deal with the firm alone",
    "只与物业服务企业打交道",
    "mean over occupied households of how far they deal with the firm alone and not with cell and community",
    lambda m: m.share("estranged"),
)
_share(
    "trust_street",
    "Trust in street and hotline",
    "对街道和热线的信任",
    "mean over occupied households",
    lambda m: m.share("trust_street"),
    better=+1,
)
_number(
    "told_per_1000",
    "Problems told, at all doors",
    "各渠道反映问题",
    "1/(1000 households month)",
    "1000 * tellings to firm, cell, committee, grid worker, platform, hotline or by petition / occupied",
    lambda m: _ratio(THOUSAND * _told(m), m["occupied"]),
)
_number(
    "tickets_per_1000",
    "Hotline tickets on property",
    "物业类热线工单",
    "1/(1000 households month)",
    "1000 * calls to the hotline about problems of the compound, repeats too / occupied",
    lambda m: _ratio(THOUSAND * m["issues_told_hotline"], m["occupied"]),
)
_number(
    "complaints_per_1000",
    "Hotline complaints on property",
    "物业类热线投诉",
    "1/(1000 households month)",
    "1000 * calls to the hotline about what had been told before, to whomever / occupied; the other calls are first "
    "reports",
    lambda m: _ratio(THOUSAND * m["issues_complaints"], m["occupied"]),
    better=-1,
)
_share(
    "ticket_repeats",
    "Repeated tickets",
    "重复工单占比",
    "tickets on a problem that the hotline had been called about before / tickets; missing without tickets",
    lambda m: _ratio(m["issues_repeats"], m["issues_told_hotline"]),
    better=-1,
)
_share(
    "tickets_responded",
    "Tickets responded to in time",
    "响应率",
    "tickets closed whose caller was rung back within the limit / tickets closed; missing if none",
    lambda m: _ratio(m["issues_tickets_timely"], m["issues_tickets_closed"]),
    better=+1,
)
_share(
    "tickets_solved",
    "Tickets solved",
    "解决率",
    "tickets closed whose problem was solved / tickets closed; missing if none",
    lambda m: _ratio(m["issues_tickets_solved"], m["issues_tickets_closed"]),
    better=+1,
)
_share(
    "tickets_satisfied",
    "Callers satisfied",
    "满意率",
    "satisfied / callers asked afterwards, a sample of tickets closed; missing if nobody was asked",
    lambda m: _ratio(m["issues_tickets_content"], m["issues_tickets_asked"]),
    better=+1,
)
_number(
    "petitions_per_1000",
    "Petitions",
    "信访",
    "1/(1000 households month)",
    "1000 * petitions / occupied",
    lambda m: _ratio(THOUSAND * m["issues_told_petition"], m["occupied"]),
    better=-1,
)
_number(
    "voices_per_1000",
    "Tickets and petitions",
    "信访投诉量",
    "1/(1000 households month)",
    "tickets_per_1000 + petitions_per_1000",
    lambda m: _ratio(
        THOUSAND * (m["issues_told_hotline"] + m["issues_told_petition"]), m["occupied"]
    ),
)
_share(
    "property_call_share",
    "Property's share of hotline calls",
    "物业类占热线比例",
    "property calls / (property calls + other calls expected)",
    lambda m: _ratio(m["issues_told_hotline"], _all_calls(m)),
    better=-1,
)
_number(
    "hotline_calls",
    "Hotline calls on all matters",
    "热线来电（全部事项）",
    "1/month",
    "property calls + other calls expected",
    lambda m: _all_calls(m),
)
_share(
    "complaint_share",
    "Households in complaint",
    "投诉户比例",
    "stage 2 or above / occupied",
    lambda m: m.share("stage_2") + m.share("stage_3") + m.share("stage_4"),
    better=-1,
)
_share(
    "open_conflict_share",
    "Households in open conflict",
    "公开冲突户比例",
    "stage 4 / occupied",
    lambda m: m.share("stage_4"),
    better=-1,
)
_share(
    "free_rider_share",
    "Satisfied but not paying",
    "享受服务而不缴费户比例",
    "occupied households that say they are satisfied and did not pay / occupied; missing where no fees are due",
    lambda m: _where(m["due_fen"] > 0, m.share("free_riders")),
    better=-1,
)
_share(
    "misuse_share",
    "Misuse of common space",
    "占用公共空间户比例",
    "misusing households / occupied",
    lambda m: m.share("misuse"),
    better=-1,
)
_share(
    "attendance",
    "Meeting attendance",
    "楼宇会到会率",
    "came to the meeting of their building / households whose building met; missing without meetings",
    lambda m: m.share("attended", "invited"),
)
_share(
    "contacted_share",
    "Households reached by members",
    "党员联系覆盖",
    "share of occupied households assigned to a contact member",
    lambda m: _where(m["occupied"] > 0, m["visit_share"]),
)
_share(
    "cell_fidelity",
    "Hours for the cell's tasks",
    "党员力量保障程度",
    "hours there are / hours asked, at most 1; missing where none are asked",
    lambda m: _where(m["cell_asked"] > 0, m["cell_fidelity"]),
)
_share(
    "tie_strength",
    "Mean tie strength",
    "邻里关系强度",
    "mean over ties of the compound's households; missing without ties",
    lambda m: m["ties"],
)
_number(
    "issues_open",
    "Unsolved problems",
    "未解决问题",
    "1",
    "problems not closed at the end of the month",
    lambda m: m["issues_open"],
    better=-1,
)
_number(
    "issues_arisen",
    "New problems",
    "新增问题",
    "1/month",
    "problems that arose",
    lambda m: m["issues_arisen"],
    better=-1,
)
_number(
    "issues_closed",
    "Solved problems",
    "办结问题",
    "1/month",
    "solved at any level",
    lambda m: _closed(m),
)
_number(
    "issues_shelved",
    "Problems given up",
    "长期挂起问题",
    "1/month",
    "given up unsolved",
    lambda m: m["issues_shelved"],
    better=-1,
)
_share(
    "issues_in_place_share",
    "Solved within compound or community",
    "就地化解率",
    "solved at building, compound or community level / (solved at any level + given up); missing if none ended",
    lambda m: _in_place(m),
    better=+1,
)
_number(
    "days_to_close",
    "Days to close",
    "平均办结天数",
    "day",
    "mean days from telling to answer, solved or not, of problems answered at any door; missing if none",
    lambda m: _ratio(m["issues_answer_days"], m["issues_answered"]),
    better=-1,
)
_number(
    "days_to_solve",
    "Days to solve",
    "平均解决天数",
    "day",
    "mean days from arising to solution, of problems solved; missing if none",
    lambda m: _ratio(m["issues_days"], _closed(m)),
    better=-1,
)
_number(
    "passed_on",
    "Times passed on",
    "推诿次数",
    "1/month",
    "times a problem was passed on by one that took it for somebody else's",
    lambda m: m["issues_passed"],
    better=-1,
)
_number(
    "waiting_for_money",
    "Repairs that wait for money",
    "待资金维修",
    "1",
    "costly repairs that the compound could not pay for this month",
    lambda m: m["issues_waiting"],
    better=-1,
)
for _line, (_name, _en, _zh) in enumerate(
    (
        ("cleaning", "cleaning", "保洁"),
        ("facilities", "facilities", "设施"),
        ("security", "security", "安保"),
        ("greenery", "greenery", "绿化"),
        ("amenities", "amenities", "全龄设施"),
    )
):
    _share(
        f"condition_{_name}",
        f"Condition: {_en}",
        f"状况：{_zh}",
        "state of the service line",
        _condition(_line),
        better=+1,
    )
_share(
    "service_condition",
    "Condition of the compound",
    "小区整体状况",
    "mean of the five service lines",
    lambda m: m.mean("condition"),
    better=+1,
)
for _life, (_name, _en, _zh) in enumerate(
    (("young", "the young", "儿童青年"), ("working", "working age", "中年"), ("elderly", "the elderly", "老年"))
):  # fmt: skip
    _share(
        f"amenities_{_name}",
        f"Amenities for {_en}",
        f"{_zh}设施",
        "what there is for this life stage, of what it needs, times the state of the line",
        _amenities(_life),
        better=+1,
    )
    _share(
        f"satisfaction_{_name}",
        f"Satisfaction of {_en}",
        f"{_zh}满意水平",
        "mean over occupied households of this life stage; missing without any",
        _of_age(_name),
        better=+1,
    )
_share(
    "parking_short",
    "Cars without a place",
    "停车缺口",
    "cars of residents that stand where there is no place for them / cars; 0 without cars",
    lambda m: m["parking_short"],
    better=-1,
)
_share(
    "firm_present",
    "Served by a firm",
    "有物业服务企业",
    "1 if a firm serves the compound",
    lambda m: m["firm_present"],
)
_share(
    "firm_effort",
    "Firm's effort",
    "物业服务企业投入水平",
    "mean effort over lines, of full effort; 0 without a firm, which gives none",
    lambda m: m.mean("effort"),
)
_number(
    "firm_cash_yuan",
    "Firm's cash",
    "物业服务企业现金",
    "yuan",
    "cash in fen / 100; missing without a firm",
    lambda m: _where(m["firm_present"] > 0, m["firm_cash_fen"] / FEN_PER_YUAN),
    low=-np.inf,
)
_share(
    "firm_staff",
    "Staff of the firm",
    "物业服务企业人员配备率",
    "staff / staff of full service, whoever serves; missing where nobody does",
    lambda m: _where(m["firm_present"] > 0, m["firm_staff"]),
    better=+1,
)
_number(
    "firm_result_yuan",
    "Firm's result of a year",
    "物业服务企业年度盈亏",
    "yuan/year",
    "income less cost of the last twelve months, before profit is paid out; missing where nobody serves",
    lambda m: _where(m["firm_present"] > 0, m["firm_result_fen"] / FEN_PER_YUAN),
    low=-np.inf,
)
_number(
    "firm_changes",
    "Firms gone so far",
    "累计物业服务企业更换",
    "1",
    "firms under contract that left at a loss, did not renew, or were dismissed or replaced",
    lambda m: m["firm_changes"],
)
_number(
    "firm_provider",
    "Who serves",
    "服务主体",
    "code",
    "0 nobody, 1 firm, 2 emergency firm, 3 owners themselves, 4 firm on an open account",
    lambda m: m["provider"],
)
_number(
    "arrears_yuan",
    "Arrears",
    "欠费总额",
    "yuan",
    "owed to the present firm; 0 without one",
    lambda m: m["arrears_fen"] / FEN_PER_YUAN,
    better=-1,
)
_share(
    "committee_working",
    "Committee at work",
    "业委会正常履职",
    "1 if elected, working and representative",
    lambda m: m["works"],
    better=+1,
)
_share(
    "committee_captured",
    "Committee captured",
    "业委会被少数人把持",
    "1 if working for others than the owners",
    lambda m: 1.0 * ((m["state"] == State.WORKING) & (m["capture"] != Capture.REPRESENTATIVE)),
    better=-1,
)
_share(
    "committee_interim",
    "Interim committee",
    "临时业委会",
    "strength of an interim committee",
    lambda m: m["interim"],
)
_share(
    "committee_covered",
    "Committee or interim committee",
    "业委会或物管会覆盖",
    "1 if a committee works for the owners or an interim one stands in",
    lambda m: 1.0 * ((m["works"] > 0) | (m["interim"] > 0)),
)
_number(
    "committee_state",
    "State of the committee",
    "业委会状态",
    "code",
    "0 none ... 7 refuses handover, 8 interim, see glossary",
    lambda m: m["state"],
)
_number(
    "failed_votes",
    "Failed elections so far",
    "业委会选举未成功次数",
    "1",
    "votes that did not pass",
    lambda m: m["failed_votes"],
    better=-1,
)
_share(
    "vote_turnout",
    "Turnout of the last vote",
    "最近一次投票参与率",
    "owners taking part / all owners; missing before the first vote",
    lambda m: m["turnout"],
)
_share(
    "committee_or_interim",
    "Committee formed, or an interim one",
    "业委会或物管会组建率",
    "1 if a committee has been elected, whatever it does, or an interim one stands in; as rates are reported",
    lambda m: 1.0 * ((m["formed"] > 0) | (m["interim"] > 0)),
)
_number(
    "assemblies_held",
    "Votes of all owners so far",
    "累计业主大会表决次数",
    "1",
    "votes counted, elections too",
    lambda m: m["votes_held"],
)
_number(
    "firms_dismissed",
    "Firms dismissed by owners so far",
    "累计业主解聘物业服务企业次数",
    "1",
    "votes to dismiss that passed",
    lambda m: m["firms_dismissed"],
)
_number(
    "fund_yuan",
    "Maintenance fund",
    "住宅专项维修资金余额",
    "yuan",
    "fund in fen / 100",
    lambda m: m["fund_fen"] / FEN_PER_YUAN,
)
_number(
    "revenue_taken_yuan",
    "Public revenue taken by committees so far",
    "累计被业委会侵占的公共收益",
    "yuan",
    "what captured committees took from the owners' pool, in fen / 100",
    lambda m: m["taken_fen"] / FEN_PER_YUAN,
    better=-1,
)
_share(
    "legacy",
    "Developer's legacy",
    "开发遗留程度",
    "weight of broken promises",
    lambda m: m["legacy"],
    better=-1,
)
_share(
    "satisfaction_gap_age",
    "Gap between life stages",
    "年龄段满意度差距",
    "largest minus smallest mean satisfaction of young, working-age and elderly households; missing where "
    "fewer than two of them are there",
    lambda m: _age_gap(m),
    better=-1,
)
_number(
    "satisfaction_gap_tenure",
    "Gap owners - tenants",
    "业主租户满意度差",
    "1",
    "mean satisfaction of owners minus tenants; missing where one of them is not there",
    lambda m: _tenure_gap(m),
    low=-1.0,
)
_number(
    "hours_spent",
    "Hours given to measures",
    "措施工时",
    "hour/month",
    "all actors, all measures; votes of owners, emergency firms and self-run compounds too",
    lambda m: m["hours"],
    better=-1,
)
_number(
    "yuan_spent",
    "Money given to measures",
    "措施支出",
    "yuan/month",
    "all actors, all measures",
    lambda m: m["yuan"],
    better=-1,
)


_TOLD = tuple(f"issues_{name}" for name in COUNTS if name.startswith("told_"))


def _told(m: Months) -> np.ndarray:
    return np.add.reduce([m[name] for name in _TOLD])


_CLOSED = tuple(f"issues_{name}" for name in COUNTS if name.startswith("closed_"))


def _closed(m: Months) -> np.ndarray:
    return np.add.reduce([m[name] for name in _CLOSED])


def _in_place(m: Months) -> np.ndarray:
    low = m["issues_closed_building"] + m["issues_closed_compound"] + m["issues_closed_community"]
    return _ratio(low, _closed(m) + m["issues_shelved"])


def _all_calls(m: Months) -> np.ndarray:
    return m["issues_told_hotline"] + m["other_calls"] * m["occupied"] / THOUSAND


def _age_gap(m: Months) -> np.ndarray:
    lives = ("young", "working", "elderly")
    means = np.array([m.share(f"{life}_satisfaction", life) for life in lives])
    # The larger or smaller of one that is there and one that is missing is the one that is there.
    gap = np.fmax.reduce(means) - np.fmin.reduce(means)
    return _where((~np.isnan(means)).sum(axis=0) > 1, gap)


def _tenure_gap(m: Months) -> np.ndarray:
    owners = m["occupied"] - m["tenants"]
    of_owners = _ratio(m["satisfaction"] - m["tenant_satisfaction"], owners)
    return of_owners - m.share("tenant_satisfaction", "tenants")


WORST = 0.11
"""Share of Shanghai's compounds that made 47 percent of its complaints in 2018 (cases/README, EVIDENCE)."""


def top_share(counts: np.ndarray, top: float = WORST) -> float:
    """How concentrated something is: the share of it that the compounds with most of it have.

    Args:
        counts: It (compounds,), as tickets of a year.
        top: Share of the compounds.

    Returns:
        Share from 0 to 1; NaN where there is none of it. Of a compound that ``top`` cuts through, its part counts.
    """
    most = np.sort(np.asarray(counts, float))[::-1]
    if fsum(most) == 0.0:
        return float("nan")
    have = np.concatenate(([0.0], np.cumsum(most))) / fsum(most)
    return float(np.interp(top * len(most), np.arange(len(most) + 1), have))


BUILT_IN = tuple(INDICATORS)
"""Names of our own indicators."""

KEYS = (
    "run", "seed", "point", "month", "compound", "household", "scenario", "policy", "measure", "actor",
    "status", "stage", "message", "hours", "yuan", "indicator", "family", "world", "coalition", "size",
)  # fmt: skip
"""What tables call their other columns, so that no indicator may be called so."""


def give_indicator(
    name: str,
    of: Callable[[Any], float],
    *,
    en: str,
    zh: str = "",
    unit: str = "1",
    formula: str,
    share: bool = False,
    low: float | None = None,
    high: float | None = None,
    better: int = 0,
) -> Indicator:
    """Give the model an indicator of one's own; every table, figure, target and question then has it.

    Args:
        name: Column name in every table.
        of: From a compound to its number at the end of a month, NaN where there is none. Compiled by
            ``sim.compiled.kernel``, it reads households as
            ``compound.world.households.arrears_fen[compound.first : compound.last]``; in plain Python, which
            takes longer, also as ``compound.column("arrears_fen")``.
        en: Label.
        zh: Label in Chinese; without one the English is shown.
        unit: "1" for shares and states in [0, 1].
        formula: In words and symbols.
        share: A share or state in [0, 1], shown as percent.
        low: Bound it never goes below; none if left out, 0 for a share.
        high: Bound it never goes above; none if left out, 1 for a share.
        better: +1 if more of it is good, -1 if less is, 0 if neither.

    Raises:
        InputError: The name is taken or is none, or one of the others cannot be.
    """
    where = f"indicator {name}"
    if not isinstance(name, str) or not name.isidentifier():
        raise InputError(where, "is no name of a column", "letters, digits and _, no digit first")
    if name in BUILT_IN or name in KEYS or (name in OWN and not _again(OWN[name], of)):
        raise InputError(
            where, "the name is taken", "a name that is not in `xiaoqu list indicators`"
        )
    if not callable(of):
        raise InputError(where, "has no function", "one that takes a compound and gives a number")
    check_takes(where, getattr(of, "py_func", of), 1, "a function of a compound")
    if not en or not formula:
        raise InputError(where, "is not told", "en, a label, and formula, how it is reckoned")
    if better not in (-1, 0, 1):
        raise InputError(where, f"better is {better!r}", "-1, 0, 1")
    if not share:
        low, high = (-np.inf if low is None else low), (np.inf if high is None else high)
    elif (low, high) == (None, None):
        low, high = 0.0, 1.0
    else:
        allowed = "share=True alone, whose bounds are 0 and 1, or low and high without it"
        raise InputError(where, "is a share with bounds", allowed)
    if not low < high:
        raise InputError(where, f"low {low} is not below high {high}")
    OWN[name] = of
    INDICATORS[name] = Indicator(
        name, en, zh or en, unit, formula, partial(_own_values, name), share, low, high, better
    )
    return INDICATORS[name]


def _again(there: Callable[..., Any], of: Callable[..., Any]) -> bool:
    """Whether a function is the one that is there, loaded or typed anew, if need be as another module."""
    one, other = (getattr(function, "py_func", function) for function in (there, of))
    if not isinstance(one, FunctionType) or not isinstance(other, FunctionType):
        return False
    same = one.__module__ == other.__module__
    same |= one.__code__.co_filename == other.__code__.co_filename
    return same and one.__qualname__ == other.__qualname__


def forget_indicators() -> None:
    """Have no indicators but ours."""
    for name in OWN:
        del INDICATORS[name]
    OWN.clear()


def _own_values(name: str, m: Months) -> np.ndarray:
    """What was noted for it.

    Raises:
        InputError: A number is outside of what its giver said, or infinite.
    """
    values, of = m.own(name), INDICATORS[name]
    wrong = ~np.isnan(values) & ~((values >= of.low) & (values <= of.high) & np.isfinite(values))
    if wrong.any():
        problem = f"is {values[wrong][0]:g} in {wrong.sum()} months of compounds"
        allowed = f"{of.low:g} to {of.high:g}, or NaN where there is no number"
        raise InputError(f"indicator {name}", problem, allowed)
    return values


def with_own(names: Sequence[str]) -> tuple[str, ...]:
    """What a table or figure shows: its own choice of indicators, and then those of somebody's own."""
    return (*names, *(name for name in OWN if name not in names))


def noted() -> int:
    """How many numbers are noted of a compound and month."""
    return len(NOTES) + len(OWN)


def with_own_notes(month: Month) -> Month:
    """A month in which indicators of somebody's own are noted behind ours."""
    notes = [
        Process(f"note.{name}", How.NOTE, of, "compounds", entry=at, doc=INDICATORS[name].formula)
        for at, (name, of) in enumerate(OWN.items(), len(NOTES))
    ]
    return month.after("note", *notes) if notes else month


def column(name: str) -> int:
    """Where an indicator stands in arrays that hold all of them."""
    return list(INDICATORS).index(name)


def compute(notes: np.ndarray) -> np.ndarray:
    """All indicators (..., len(INDICATORS)), in catalogue order, of notes (..., noted)."""
    months = Months(notes.reshape(-1, notes.shape[-1]))
    values = np.stack([indicator.compute(months) for indicator in INDICATORS.values()], axis=-1)
    return values.reshape(*notes.shape[:-1], len(INDICATORS))

"""What a study says in a page: middle and spread over runs, beside what was reported."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim import known, outcomes
from sim.as_text import MISSING, value_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from sim.config import Config, Target
    from sim.experiments.store import Study
    from sim.outcomes import Indicator

LOW, HIGH = 0.05, 0.95

MAIN = (
    "collection_rate",
    "satisfied_share",
    "trust_firm",
    "trust_cell",
    "grievance",
    "complaints_per_1000",
    "petitions_per_1000",
    "open_conflict_share",
    "issues_in_place_share",
    "service_condition",
    "committee_working",
    "firm_cash_yuan",
    "hours_spent",
    "yuan_spent",
)
"""Indicators of the printed summary, in its order; those a version lacks are left out."""

COLUMNS = {
    "indicator": "str",
    "month": "int32",
    "runs": "int32",
    "median": "float64",
    "low": "float64",
    "high": "float64",
    "target": "str",
    "target_low": "float64",
    "target_high": "float64",
    "reported": "float64",
    "share_inside": "float64",
    "verdict": "str",
    "use": "str",
    "source": "str",
}

NO_TARGET: dict[str, Any] = {
    "target": "",
    "target_low": math.nan,
    "target_high": math.nan,
    "reported": math.nan,
    "share_inside": math.nan,
    "verdict": "",
    "use": "",
    "source": "",
}

NO_VALUE = "no value"
"""Verdict of a target for which no run has a value."""

WIDE = 120
"""Columns of a terminal from which a median and its interval stand on one line."""

WORDS = {
    "en": {
        "indicator": "indicator",
        "start": "start",
        "end": "end +{month}",
        "target": "target",
        "to": "to",
        "month": "at +{month}",
        "inside": "inside",
        "missed": "missed",
        "no value": "no value",
        "few": "{runs} of {all}",
        "fitted": "fitted",
        "predicted": "predicted",
        "runs": "Medians over {runs} runs; in brackets 5% and 95% of runs.",
        "missing": "–: no value, such as days to close where nothing was closed.",
        "missing_all": "–: no run has a value, as where nothing was closed or no fees are due.",
        "missing_some": (
            "–: no run has a value, as where nothing was closed or no fees are due; {few}: so many "
            "have one, the others are left out."
        ),
        "one": "A single run: no spread can be given.",
        "failed": "{failed} of {all} replications failed; the first, seed {seed}, at {stage}:",
        "spent": "Spent from month 1 to the end, all compounds (median over runs)",
        "actor": "actor",
        "hours": "hours",
        "yuan": "yuan",
        "kept": "Results",
        "figures": "Figures",
    },
    "zh": {
        "indicator": "指标",
        "start": "起点",
        "end": "期末+{month}",
        "target": "目标",
        "to": "至",
        "month": "第{month}个月",
        "inside": "达到",
        "missed": "未达到",
        "no value": "无数值",
        "few": "{runs}/{all}次",
        "fitted": "用于校准",
        "predicted": "用于检验",
        "runs": "{runs}次模拟的中位数；括号内为5%与95%分位数。",
        "missing": "–：无数值，例如当月没有办结问题时的办结天数。",
        "missing_all": "–：各次模拟均无数值，例如当月没有办结问题，或没有应收物业费。",
        "missing_some": (
            "–：各次模拟均无数值，例如当月没有办结问题，或没有应收物业费；"
            "{few}：仅部分模拟有数值，其余不计入。"
        ),
        "one": "仅一次模拟，无法给出区间。",
        "failed": "{all}次模拟中有{failed}次失败；首个失败种子{seed}，阶段{stage}：",
        "spent": "第1个月至期末全部小区的投入（各次模拟的中位数）",
        "actor": "主体",
        "hours": "工时",
        "yuan": "元",
        "kept": "结果",
        "figures": "图",
    },
}


UNITS = {
    "en": {
        "1/(1000 households month)": "per 1000 households a month",
        "1/month": "a month",
        "1/meeting": "a meeting",
        "hour/month": "hours a month",
        "yuan/month": "yuan a month",
        "fen/m2/month": "fen per m² a month",
        "m2": "m²",
    },
    "zh": {
        "1/(1000 households month)": "每千户每月",
        "1/month": "每月",
        "1/meeting": "每次会议",
        "hour/month": "小时/月",
        "yuan/month": "元/月",
        "fen/m2/month": "分/平方米/月",
        "yuan": "元",
        "hour": "小时",
        "day": "天",
        "minute": "分钟",
        "month": "个月",
        "m2": "平方米",
        "household": "户",
        "unit": "户",
        "person": "人",
        "tie": "条",
        "stair": "个单元",
        "floor": "层",
        "building": "栋",
        "compound": "个小区",
        "community": "个社区",
        "street": "个街道",
        "firm": "家企业",
        "level": "层级",
        "logit": "对数几率",
        "code": "代码",
        "1": "个",
    },
}
"""How units are written for readers; a unit that is not here is shown as it is."""


ACTORS = {
    "en": {"public": "public funds"},
    "zh": {
        "cell": "党支部",
        "community": "社区",
        "committee": "业委会",
        "developer": "开发商",
        "firm": "物业公司",
        "public": "公共资金",
        "residents": "居民",
    },
}
"""Names of those who spend; one that is not here is shown as it is."""


def run_means(months: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """Plain mean over compounds, missing ones left out.

    Args:
        months: Frame of run, month, compound and indicators.
        indicator: Column to average.

    Returns:
        A row per run, a column per month, both in rising order.
    """
    return months.groupby(["run", "month"], sort=True)[indicator].mean().unstack("month")


def target_value(target: Target, months: np.ndarray, record: np.ndarray) -> float:
    """What a run gives for a target: a level, or a change relative to month 0.

    Args:
        target: Its month, window and weight; relative ones compare with the same window at month 0.
        months: Months recorded (M,).
        record: Indicators (M, C, K) in the order of ``INDICATORS``.

    Returns:
        The value: the mean over the window's months of means over compounds, or of both together
        by weight, what is missing left out. NaN where a month was not lived, nothing in the window
        has a value, or the base is 0.
    """
    values = record[:, :, outcomes.column(target.indicator)]
    weights = record[:, :, outcomes.column(target.weight)] if target.weight else None

    def level(last: int) -> float:
        rows = (months > last - target.window) & (months <= last)
        if np.count_nonzero(rows) < target.window:
            return math.nan
        if weights is None:
            return float(known.mean(known.mean(values[rows], axis=1)))
        return float(known.mean(values[rows], weights=weights[rows]))

    now = level(target.month)
    if not target.relative:
        return now
    base = level(0)
    return now / base - 1.0 if base else math.nan


def verdict(low: float, high: float, median: float) -> str:
    """How a target is met: "inside" or "missed", "no value" where no run has one to hold against it."""
    if math.isnan(median):
        return NO_VALUE
    return "inside" if low <= median <= high else "missed"


def _records(months: pd.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Months (M,) and indicators (M, C, K) of each run, as ``target_value`` reads them."""
    names = list(outcomes.INDICATORS)
    for _, run in months.sort_values(["run", "month", "compound"]).groupby("run", sort=True):
        lived = run["month"].unique()
        yield lived, run[names].to_numpy(dtype=float).reshape(len(lived), -1, len(names))


def summarise(
    config: Config, months: pd.DataFrame, at: Sequence[int] | None = None
) -> pd.DataFrame:
    """Middle and spread over runs of every indicator, beside the scenario's targets.

    Args:
        config: Names the targets.
        months: Frame of run, month, compound and indicators.
        at: Months to report; None takes 0, 12, 24 and the last. A target's own month is always
            among them, and a month that was not lived never is.

    Returns:
        A row per indicator and month, one more for each further target there: ``runs`` with a
        value, ``median``, ``low`` (5%) and ``high`` (95%); where the scenario has a target its
        label, interval and ``reported`` figure, ``share_inside`` of runs with a value, ``verdict`` as
        of ``verdict`` for the median, ``use`` "fitted" or "predicted", and ``source``.
    """
    lived = sorted(int(month) for month in months["month"].unique())
    wanted = {0, 12, 24, lived[-1]} if at is None else set(at)
    rows: list[dict[str, Any]] = []
    records = list(_records(months)) if config.scenario.targets else []
    for name in outcomes.INDICATORS:
        targets = [t for t in config.scenario.targets if t.indicator == name]
        means = run_means(months, name)
        for month in sorted(wanted | {t.month for t in targets}):
            if month in means.columns:
                values = means[month].to_numpy()
                spread = spread_of(values)
                base = {"indicator": name, "month": month, **spread}
                here = [
                    _beside(t, np.array([target_value(t, *record) for record in records]))
                    for t in targets if t.month == month
                ]  # fmt: skip
                rows += [base | beside for beside in here or [NO_TARGET]]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(COLUMNS)


def spread_of(values: np.ndarray) -> dict[str, float]:
    """Number of known values (``runs``), their median, and 5% (``low``) and 95% (``high``)."""
    low, median, high = known.quantiles(values, [LOW, 0.5, HIGH])
    runs = int(np.count_nonzero(~np.isnan(values)))
    return {"runs": runs, "median": median, "low": low, "high": high}


def spread_text(row: Mapping[Any, Any], names: Sequence[str], write: Callable[[float], str]) -> str:
    """Middle and ends as a table shows them, "12 [8, 15]".

    Args:
        row: What holds them.
        names: Of the middle, the low and the high end.
        write: How a number is written.

    Returns:
        A dash where there is no value; the middle alone where it has no interval.
    """
    middle, low, high = (float(row[name]) for name in names)
    if math.isnan(middle):
        return MISSING
    return write(middle) if math.isnan(low) else f"{write(middle)} [{write(low)}, {write(high)}]"


def _beside(target: Target, values: np.ndarray) -> dict[str, Any]:
    there = values[~np.isnan(values)]
    inside = (there >= target.low) & (there <= target.high)
    return {
        "target": target.label,
        "target_low": target.low,
        "target_high": target.high,
        "reported": math.nan if target.reported is None else target.reported,
        "share_inside": known.mean(inside),
        "verdict": verdict(target.low, target.high, float(known.median(there))),
        "use": "fitted" if target.fitted else "predicted",
        "source": target.source,
    }


def print_summary(study: Study, console: Console, language: str = "en") -> None:
    """Print the main indicators, what was spent by whom, and where the study is kept.

    Args:
        study: What to sum up.
        console: Rich console to print on; from 80 columns up nothing is cut.
        language: "en" or "zh".
    """
    words = WORDS[language]
    scenario, policy = study.config.scenario, study.config.policy.name
    title = scenario.title_zh if language == "zh" else scenario.title
    console.print(f"{title or scenario.name} · {policy}", style="bold", highlight=False)
    console.print(_indicator_table(study, language, console.width >= WIDE))
    lived = int((study.runs["status"] == "ok").sum())
    note = words["runs"] if lived > 1 else words["one"]
    console.print(note.format(runs=lived), style="dim", highlight=False)
    few = _shown_rows(study)["runs"]
    if (few < lived).any():
        some = few[few.between(1, lived - 1)]
        key = "missing" if lived == 1 else "missing_some" if len(some) else "missing_all"
        told = words["few"].format(runs=some.iloc[0], all=lived) if len(some) else ""
        console.print(words[key].format(few=told), style="dim", highlight=False)
    _print_failures(study, console, words)
    spent = spent_by_actor(study)
    if len(spent):
        console.print(WORDS[language]["spent"], highlight=False)
        console.print(_cost_table(spent, language))
    _print_places(study, console, words)


def spent_by_actor(study: Study) -> pd.DataFrame:
    """Hours and yuan by actor from month 1 on, all compounds: median over the runs that lived.

    Returns:
        Columns hours and yuan, a row per actor in order of name; an actor that spent nothing in
        a run counts there as zero.
    """
    lived = study.runs.loc[study.runs["status"] == "ok", "run"]
    costs = study.costs[study.costs["month"] >= 1]
    total = costs.groupby(["actor", "run"], sort=True)[["hours", "yuan"]].sum()
    actors = sorted(costs["actor"].unique())
    every = pd.MultiIndex.from_product([actors, lived], names=["actor", "run"])
    return total.reindex(every, fill_value=0.0).groupby(level="actor").median()


def _indicator_table(study: Study, language: str, wide: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    words, shown = WORDS[language], _shown_months(study)
    last, lived = shown[-1], int((study.runs["status"] == "ok").sum())
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    narrow = None if wide else 9
    table.add_column(words["indicator"], min_width=22, overflow="fold")
    for month in shown:
        head = words["start"] if month == 0 else f"+{month}"
        head = words["end"].format(month=month) if month == last else head
        table.add_column(head, justify="right", max_width=narrow, overflow="fold")
    table.add_column(words["target"], min_width=16, overflow="fold")
    for name in _shown_indicators(study):
        indicator = outcomes.INDICATORS[name]
        rows = study.summary[study.summary["indicator"] == name]
        cells = [
            _cell(rows[rows["month"] == month], indicator, language, wide, lived) for month in shown
        ]
        label = Text(indicator.zh if language == "zh" else indicator.en)
        label.append(f" ({unit_text(indicator, language)})", style="dim")
        table.add_row(label, *cells, _target_cell(rows, indicator, language))
    return table


def _shown_months(study: Study) -> list[int]:
    last, lived = int(study.months["month"].max()), set(study.months["month"])
    return [month for month in (0, 12, 24) if month in lived and month < last] + [last]


def _shown_indicators(study: Study) -> list[str]:
    targeted = [target.indicator for target in study.config.scenario.targets]
    return [name for name in dict.fromkeys((*MAIN, *targeted)) if name in outcomes.INDICATORS]


def _shown_rows(study: Study) -> pd.DataFrame:
    rows = study.summary
    here = rows["indicator"].isin(_shown_indicators(study)) & rows["month"].isin(
        _shown_months(study)
    )
    return rows[here]


def unit_text(indicator: Indicator, language: str = "en") -> str:
    """Unit as shown beside a value: percent for shares, short words for the usual units."""
    return "%" if indicator.share else unit_word(indicator.unit, language)


def unit_word(unit: str, language: str = "en") -> str:
    """A unit in a reader's words."""
    return UNITS[language].get(unit, unit)


def _cell(rows: pd.DataFrame, indicator: Indicator, language: str, wide: bool, lived: int) -> Text:
    from rich.text import Text

    if not len(rows):
        return Text(MISSING)
    row = rows.iloc[0]
    middle, low, high = (value_text(row[c], indicator, language) for c in ("median", "low", "high"))
    cell = Text(middle)
    if row["runs"] > 1:
        cell.append(f"{' ' if wide else chr(10)}[{low}, {high}]", style="dim")
    if 0 < row["runs"] < lived:
        few = WORDS[language]["few"].format(runs=row["runs"], all=lived)
        cell.append(f"{' ' if wide else chr(10)}{few}", style="dim")
    return cell


_STYLES = {"inside": "green", NO_VALUE: "yellow"}


def _target_cell(rows: pd.DataFrame, indicator: Indicator, language: str) -> Text:
    from rich.text import Text

    words = WORDS[language]
    cell = Text()
    for row in rows[rows["verdict"] != ""].to_dict("records"):
        low, high = (value_text(row[c], indicator, language) for c in ("target_low", "target_high"))
        if len(cell):
            cell.append("\n")
        cell.append(f"{low} {words['to']} {high} {words['month'].format(month=row['month'])}\n")
        cell.append(words[row["verdict"]], style=_STYLES.get(row["verdict"], "red"))
        cell.append(f", {words[row['use']]}", style="dim")
    return cell


def _cost_table(spent: pd.DataFrame, language: str) -> Table:
    from rich import box
    from rich.table import Table

    words = WORDS[language]
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column(words["actor"])
    table.add_column(words["hours"], justify="right")
    table.add_column(words["yuan"], justify="right")
    for actor, hours, yuan in zip(spent.index, spent["hours"], spent["yuan"], strict=True):
        name = ACTORS[language].get(str(actor), str(actor))
        table.add_row(name, f"{hours:,.0f}", f"{yuan:,.0f}")
    return table


def _print_failures(study: Study, console: Console, words: dict[str, str]) -> None:
    failed = study.runs[study.runs["status"] == "failed"]
    if not len(failed):
        return
    first = failed.iloc[0]
    line = words["failed"].format(
        failed=len(failed), all=len(study.runs), seed=first["seed"], stage=first["stage"]
    )
    console.print(f"{line} {first['message']}", style="red", highlight=False, markup=False)


def _print_places(study: Study, console: Console, words: dict[str, str]) -> None:
    if study.folder is None:
        return
    lines = [f"{words['kept']}: {study.folder}"]
    drawn = sorted((study.folder / "figures").glob("*.png"))
    lines += [f"{words['figures']}: {path}" for path in drawn]
    for line in lines:
        # A path that is broken over lines can be neither copied nor clicked.
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table for documents, its cells without bars of their own, ending in a new line."""
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", "/") for cell in line] for line in lines)
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)

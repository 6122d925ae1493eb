"""The story of one household's paying in sentences, English or Chinese; every number is counted from the two runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy.special import logit

from sim.as_text import MISSING, percent_text, signed
from sim.experiments.comparison_table import policy_title
from sim.experiments.decision import CAUSES
from sim.experiments.household import WITH, WITHOUT, Why, per_push
from sim.experiments.trace_text import category_name
from sim.phrases import phrases
from sim.processes.issues import Happened

if TYPE_CHECKING:
    from rich.console import Console

LEAST = 1.0
"""Percentage points from which a cause is named by itself."""

NAMED = 4
"""Most causes named by themselves in a sentence."""

_WORDS = phrases("household")

NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "tenure": ("owner", "tenant", "vacant"), "life": ("young", "of working age", "elderly"),
        "kind": ("pays if others do", "pays whatever others do", "would rather ride free"),
    },
    "zh": {
        "tenure": ("业主", "租户", "空置"), "life": ("年轻家庭", "中年家庭", "老年家庭"),
        "kind": ("随众缴费户", "自觉缴费户", "享受服务而不缴费户"),
    },
}  # fmt: skip
"""Names of codes of households, by column, in the order of the codes."""


def print_story(why: Why, console: Console, language: str = "en") -> None:
    """Print the story and where it is kept."""
    from sim.experiments.tables import print_place

    for line in sentences(why, language):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    print_place(why, console, language)


def sentences(why: Why, language: str = "en") -> list[str]:
    """The whole story, a few sentences for each stretch of months in which nothing changed.

    Args:
        why: What happened.
        language: "en" or "zh".
    """
    return list(_Teller(why, language).lines())


def beside(why: Why, language: str = "en") -> tuple[list[str], list[list[str]]]:
    """The household's last month with the policy and without it, as heads and rows of a table."""
    w = _WORDS[language]
    runs = [why.months[why.months["run"] == run] for run in (WITH, WITHOUT)]
    lasts = [of.iloc[-1] for of in runs]
    rows = [["status", *(w[f"was_{last['status']}"] for last in lasts)]]
    rows += [[name, *(_state(last, name) for last in lasts)] for name in _STATES]
    counts: list[tuple[str, Callable[[pd.DataFrame], pd.Series]]] = [
        ("paid_months", lambda of: of["paid"]),
        ("visits", lambda of: of["visited"]),
        ("heard", lambda of: of["heard"]),
    ]
    rows += [[name, *(f"{count(of).sum():.0f}" for of in runs)] for name, count in counts]
    lacking = w["without"].format(why.question.without) if why.question.without else w["no_policy"]
    return ["", w["with_policy"], lacking], [
        [w[f"row_{name}"].format(last=lasts[0]["month"]), *cells] for name, *cells in rows
    ]


def _state(last: pd.Series, name: str) -> str:
    # Who has no bill to decide about has nothing that its chance must be above.
    decides = name != "needs" or last["status"] in ("means_to", "refuses")
    return percent_text(last[name]) if decides else MISSING


_STATES = ("chance", "needs", "satisfaction", "trust_firm", "grievance")
"""States of a household that are told side by side."""


class _Teller:
    def __init__(self, why: Why, language: str) -> None:
        self.why, self.w, self.language = why, _WORDS[language], language
        months = why.months
        self.rows: list[dict[str, Any]] = months[months["run"] == WITH].to_dict("records")  # type: ignore[assignment]
        self.twin: list[dict[str, Any]] = months[months["run"] == WITHOUT].to_dict("records")  # type: ignore[assignment]
        moves = why.moves[why.moves["run"] == WITH]
        self.moves = moves.groupby(["month", "cause"])["change"].sum()

    def lines(self) -> Iterator[str]:
        config, w, last = self.why.question.config, self.w, self.rows[-1]
        title = config.scenario.title_zh if self.language == "zh" else config.scenario.title
        policy = policy_title(config, config.policy.name, self.language)
        yield w["head"].format(title=title, policy=policy, seed=config.seed)
        if last["status"] == "vacant":
            yield w["unit"].format(**last, last=last["month"])
        else:
            yield w["who"].format(
                **last | {name: of[last[name]] for name, of in NAMES[self.language].items()}
            )
        before: dict[str, Any] | None = None
        for _, same in groupby(
            self.rows, key=lambda row: (row["status"], row["moved"] and row["month"])
        ):
            stretch = list(same)
            yield from self._stretch(stretch, before)
            before = stretch[0]
        yield from self._difference()
        yield from self._path()
        yield w["one"]

    # --- months -----------------------------------------------------------------------------------

    def _stretch(self, rows: list[dict[str, Any]], before: dict[str, Any] | None) -> Iterator[str]:
        w, first, last = self.w, rows[0], rows[-1]
        form = "month" if first is last else "months"
        when = w[form].format(first["month"], last["month"])
        chances = [percent_text(row["chance"]) for row in (first, last)]
        chance = w["to"].join(dict.fromkeys(chances))
        values = {"chance": chance, "needs": percent_text(last["needs"])}
        text = w[first["status"]].format(when=when, **values)
        lives = first["status"] not in ("vacant", "not_asked")
        if before is not None and lives and before["status"] != "vacant":
            text += self._space + self._since(before, first)
        happened = w["semi"].join(self._events(rows))
        if happened:
            text += self._space + w["between"].format(happened)
        yield text

    @property
    def _space(self) -> str:
        return "" if self.language == "zh" else " "

    def _since(self, before: dict[str, Any], now: dict[str, Any]) -> str:
        months = range(before["month"] + 1, now["month"] + 1)
        by = (
            self.moves[self.moves.index.get_level_values("month").isin(months)]
            .groupby("cause")
            .sum()
        )
        slope = per_push(float(logit(now["chance"])), float(logit(before["chance"])))
        points = 100.0 * (now["chance"] - before["chance"])
        chances = (percent_text(before["chance"]), percent_text(now["chance"]))
        return self.w["rise"].format(
            before["month"], *chances, signed(points), self._parts(100.0 * slope * by, points)
        )

    def _parts(self, by: pd.Series, whole: float) -> str:
        """The largest parts by name, and the rest, so that they add up to the whole as it is printed."""
        w = self.w
        order = by[by.abs() >= LEAST].sort_values(key=abs, ascending=False)[:NAMED]
        told = [(str(cause), round(float(value), 1)) for cause, value in order.items()]
        texts = [
            w["part"].format(cause=self._cause(cause), points=signed(value))
            for cause, value in told
        ]
        if not told:
            return w["small"]
        rest = round(whole, 1) - sum(value for _, value in told)
        if abs(rest) >= 0.05:
            texts.append(w["rest"].format(signed(rest)))
        return w["comma"].join(texts)

    def _cause(self, cause: str) -> str:
        named = CAUSES[cause]
        return named.zh if self.language == "zh" else named.en

    def _events(self, rows: list[dict[str, Any]]) -> Iterator[str]:
        w, months = self.w, {row["month"] for row in rows}
        problems = self.why.problems
        own = problems[(problems["run"] == WITH) & problems["month"].isin(months)]
        for name, flag in (("solved", Happened.SOLVED), ("unsolved", Happened.UNSOLVED)):
            ended = own[own["happened"].astype(int) & int(flag) > 0]
            for category, part in ended.groupby("category", sort=False):
                yield w[name].format(
                    self._listed(part["month"]), category_name(int(str(category)), self.language)
                )
        columns = {
            "visited": "visited",
            "called": "called_on",
            "attended": "attended",
            "moved": "moved",
        }
        for name, column in columns.items():
            found = [row["month"] for row in rows if row[column]]
            if found:
                yield w[name].format(self._listed(found))

    def _listed(self, months: Any) -> str:
        return self.w["months_of"].join(str(int(month)) for month in sorted(set(months)))

    # --- sums -------------------------------------------------------------------------------------

    def _difference(self) -> Iterator[str]:
        w, last, causes = self.w, self.rows[-1], self.why.causes.set_index("cause")["points"]
        if last["status"] == "vacant":
            return
        points = float(causes.sum())
        parts = self._parts(causes, points)
        if not self.twin:
            first = self.rows[0]["month"] - 1
            yield w["alone"].format(
                first=first, last=last["month"], points=signed(points), parts=parts
            )
            return
        other, without = self.twin[-1], self.why.question.without
        yield w["twin"].format(
            lacking=w["without"].format(without) if without else w["none"], last=last["month"],
            status=w[f"was_{other['status']}"], chance=percent_text(other["chance"]), points=signed(points),
            parts=parts,
        )  # fmt: skip

    def _path(self) -> Iterator[str]:
        w, rows = self.w, self.why.path.to_dict("records")
        if not rows or self.rows[-1]["status"] == "vacant":
            return
        end = rows[-1]
        if len(rows) == 1:
            points, cause = float(end["points"]), self._first_up(self._cause(end["cause"]))
            if abs(points) >= LEAST:
                yield w["same"].format(cause=cause, points=signed(points))
            return
        steps = [
            w["by"].format(row["household"], layer=w[after["layer"].upper()])
            for row, after in pairwise(rows)
        ]
        told = w["step"].join(
            [*steps, w["end"].format(end["household"], self._cause(end["cause"]))]
        )
        yield w["path"].format(told)

    def _first_up(self, text: str) -> str:
        return text[:1].upper() + text[1:]

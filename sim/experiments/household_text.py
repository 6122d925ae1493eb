"""The story of one household's paying in sentences, English or Chinese; every number is counted from the two runs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy.special import logit

from sim.as_text import percent_text, signed
from sim.experiments.comparison_table import policy_title
from sim.experiments.decision import CAUSES
from sim.experiments.household import WITH, WITHOUT, Why, per_push
from sim.experiments.trace_text import category_name
from sim.processes.issues import Happened

if TYPE_CHECKING:
    from rich.console import Console

LEAST = 1.0
"""Percentage points from which a cause is named by itself."""

NAMED = 4
"""Most causes named by themselves in a sentence."""

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "head": "{title}; policy {policy}; seed {seed}",
        "who": "Household {household}: building {building}, stair {stair}, floor {floor}; {tenure}, {life}, {kind}.",
        "unit": "Unit {household}: building {building}, stair {stair}, floor {floor}; vacant in month {last}.",
        "month": "Month {0}", "months": "Months {0} to {1}",
        "paid": "{when}: its bill is paid.",
        "means_to": "{when}: it would pay and has not got round to it (chance {chance}, needed {needs}).",
        "refuses": "{when}: it does not pay (chance {chance}, needed {needs}).",
        "not_asked": "{when}: nobody asks for a fee.",
        "vacant": "{when}: nobody lives there; the fee is the developer's.",
        "rise": "Since month {0} its chance to pay has gone from {1} to {2} ({3} points): {4}.",
        "part": "{cause} {points}", "rest": "the rest {0}",
        "solved": "problem solved in month {0} ({1})", "unsolved": "problem answered and not solved in month {0} ({1})",
        "visited": "a member visits in month {0}", "called": "staff call in month {0}",
        "attended": "it comes to a meeting or activity in month {0}",
        "moved": "another household moves in in month {0}",
        "between": "Meanwhile: {0}.",
        "twin": "The same household {lacking}: {status} in month {last}, chance {chance}. The policy's doing is "
        "{points} points of chance: {parts}.",
        "none": "without the policy", "without": "without {0}",
        "alone": "Over the whole run, from month {first} to {last}: {points} points of chance: {parts}.",
        "was_paid": "its bill paid", "was_means_to": "willing and not there yet", "was_refuses": "not paying",
        "was_not_asked": "asked for no fee", "was_vacant": "the unit vacant",
        "path": "It came along ties: {0}.",
        "end": "household {0}, moved most by {1}", "by": "household {0} sees {layer}", "step": ", which sees ",
        "same": "{cause} ({points} points) weighs most, and that is its own: no other household stands between.",
        "STAIR": "a neighbour on its stair", "BUILDING": "a neighbour in its building",
        "INTEREST": "somebody it knows by an interest", "ACROSS": "somebody across the compound",
        "one": "One run under one seed: another seed tells another story. Chances are the model's, not measured.",
        "comma": ", ", "to": " to ", "semi": "; ", "months_of": ", ",
    },
    "zh": {
        "head": "{title}；措施：{policy}；随机编号{seed}",
        "who": "{household}号住户：{building}栋{stair}单元{floor}层，{tenure}，{life}，{kind}。",
        "unit": "{household}号房屋：{building}栋{stair}单元{floor}层，第{last}个月空置。",
        "month": "第{0}个月", "months": "第{0}至{1}个月",
        "paid": "{when}：当期物业费已缴清。",
        "means_to": "{when}：愿意缴费，尚未缴纳（缴费意愿{chance}，高于该户门槛{needs}）。",
        "refuses": "{when}：未缴费（缴费意愿{chance}，低于该户门槛{needs}）。",
        "not_asked": "{when}：无人收取物业费。",
        "vacant": "{when}：房屋空置，物业费由开发商承担。",
        "rise": "与第{0}个月相比，该户缴费意愿由{1}变为{2}（{3}个百分点），其中{4}。",
        "part": "{cause}{points}", "rest": "其余{0}",
        "solved": "第{0}个月诉求办结（{1}）", "unsolved": "第{0}个月诉求已答复、未解决（{1}）",
        "visited": "第{0}个月党员上门走访", "called": "第{0}个月工作人员上门",
        "attended": "第{0}个月参加议事会或活动", "moved": "第{0}个月更换住户",
        "between": "其间：{0}。",
        "twin": "同一住户{lacking}，第{last}个月{status}，缴费意愿{chance}。措施使其缴费意愿变化{points}个百分点，"
        "其中{parts}。",
        "none": "在不采取措施的同条件模拟中", "without": "在不实施“{0}”的同条件模拟中",
        "alone": "第{first}至{last}个月，缴费意愿变化{points}个百分点，其中{parts}。",
        "was_paid": "已缴清", "was_means_to": "愿意缴费、尚未缴纳", "was_refuses": "未缴费",
        "was_not_asked": "无人收费", "was_vacant": "房屋空置",
        "path": "影响沿邻里关系传递：{0}。",
        "end": "{0}号住户（主要原因是{1}）", "by": "{0}号住户看到{layer}", "step": "，即",
        "same": "作用最大的是{cause}（{points}个百分点），来自该户自身经历，不是由其他住户传递而来。",
        "STAIR": "同单元邻居缴费", "BUILDING": "同楼邻居缴费", "INTEREST": "兴趣相投的熟人缴费",
        "ACROSS": "小区其他住户缴费",
        "one": "以上为一个随机编号下的一次模拟，更换随机编号，情形会有不同；缴费意愿为模型推算值，并非实测。",
        "comma": "、", "to": "至", "semi": "；", "months_of": "、",
    },
}  # fmt: skip

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
    from sim.science.attribution_table import print_place

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
        rest = round(whole, 1) - sum(value for _, value in told)
        if not told or abs(rest) >= 0.05:
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
            points = signed(float(end["points"]))
            yield w["same"].format(cause=self._first_up(self._cause(end["cause"])), points=points)
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

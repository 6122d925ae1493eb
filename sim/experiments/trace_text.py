"""Words for the story of one problem, month by month and level by level, in English or Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING, Any

from sim.as_text import title_of
from sim.experiments.summary_table import ACTORS
from sim.experiments.trace import FEELINGS, Story
from sim.processes.issues import Category, Door, Happened, Level, PerCategory, PerLevel
from sim.processes.voices import PerDoor

if TYPE_CHECKING:
    from rich.console import Console

_FOUND = (
    Happened.FOUND_BY_RESIDENT | Happened.FOUND_BY_MEETING
    | Happened.FOUND_BY_GRID | Happened.FOUND_BY_FIRM
)  # fmt: skip

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "head": "{title}; policy {policy}; seed {seed}",
        "what": "Problem {number}, {category}{label}: building {building}, stair {stair}, floor {floor}",
        "label": ' "{0}", placed by the scenario',
        "month": "month {0}",
        "months": "months {0}-{1}",
        "arises": "arises at a household; nobody else knows of it",
        "hidden": "nobody finds it",
        "FOUND_BY_RESIDENT": "found: a resident tells of it",
        "said": "the household goes to: {door}",
        "FOUND_BY_MEETING": "found: brought up at the building's meeting",
        "FOUND_BY_GRID": "found by a grid worker",
        "FOUND_BY_FIRM": "found by the firm's patrol",
        "sent": "goes to the {level}; limit {days:g} day(s)",
        "met": "the building meets",
        "tried": "the {level} ({who}) gives {hours:g} h",
        "waits": "the {level} ({who}) has no hours left for it",
        "silent": "nobody works on it",
        "UNSOLVED": "answered, not solved",
        "PASSED": "passed on from one to another",
        "NO_MONEY": "there is no money for the repair",
        "SOLVED": "SOLVED",
        "ROSE": "goes up to the {level}",
        "CALLED": "the hotline is called",
        "SHELVED": "GIVEN UP",
        "moved": "the household has moved out; its successor has the problem now",
        "path": "Path: {0}",
        "hidden_part": "hidden {0}",
        "level_part": "{0} {1}",
        "arrow": " -> ",
        "solved": "solved in month {0}, {1} month(s) after it arose",
        "shelved": "given up in month {0}, {1} month(s) after it arose",
        "open": "still open in month {0}, {1} month(s) after it arose",
        "feelings": "The household: before it arose | before and after the last month's handling | end of that month",
        "same": "  {name:<24}{0:.2f} | {1:.2f} {arrow} {2:.2f} | {3:.2f}",
        "own": "Hours on this problem: {0}",
        "nothing": "none",
        "part": "{0} {1:g}",
        "measures": "Measures in force in these months, and what they took in the compound (for all problems):",
        "since": "  {name} (from month {first}){took}",
        "always": "  {name}{took}",
        "actors": "The same by actor: {0}",
        "hours": "{0} {1:.0f} h",
        "yuan": "{0} {1:.0f} yuan",
        "then": "; ",
        "between": ", ",
        "takes": ": ",
        "others": "For comparison, all {number:.0f} {category} problems that arose from month 1 to {last}: "
        "{solved:.0%} solved, {shelved:.0%} given up, the rest open; {median}.",
        "median": "{0:g} month(s) in the median of those that ended",
        "no_median": "none has ended",
        "one": "One run under one seed: another seed tells another story.",
    },
    "zh": {
        "head": "{title}；政策 {policy}；随机编号 {seed}",
        "what": "第{number}号问题，{category}{label}：{building}栋{stair}单元{floor}层",
        "label": "“{0}”（情景设定）",
        "month": "第{0}月",
        "months": "第{0}—{1}月",
        "arises": "某户出现问题，尚无他人知晓",
        "hidden": "无人发现",
        "FOUND_BY_RESIDENT": "发现：居民反映",
        "said": "住户反映至：{door}",
        "FOUND_BY_MEETING": "发现：楼宇会上提出",
        "FOUND_BY_GRID": "发现：网格员巡查",
        "FOUND_BY_FIRM": "发现：物业服务企业巡查",
        "sent": "交{level}办理，时限{days:g}天",
        "met": "本楼召开楼宇会",
        "tried": "{level}（{who}）投入{hours:g}小时",
        "waits": "{level}（{who}）已无工时可用",
        "silent": "无人办理",
        "UNSOLVED": "已答复，未解决",
        "PASSED": "相互推诿",
        "NO_MONEY": "维修资金无着落",
        "SOLVED": "办结",
        "ROSE": "上交{level}",
        "CALLED": "居民拨打热线",
        "SHELVED": "放弃，长期挂起",
        "moved": "该户已搬离，由新住户面对此问题",
        "path": "路径：{0}",
        "hidden_part": "未发现{0}个月",
        "level_part": "{0}{1}个月",
        "arrow": " → ",
        "solved": "第{0}月办结，历时{1}个月",
        "shelved": "第{0}月长期挂起，历时{1}个月",
        "open": "至第{0}月仍未解决，历时{1}个月",
        "feelings": "该户：问题出现前 | 末月办理前后 | 末月月底",
        "same": "  {name}：{0:.2f} | {1:.2f} {arrow} {2:.2f} | {3:.2f}",
        "own": "用于此问题的工时：{0}",
        "nothing": "无",
        "part": "{0}{1:g}小时",
        "measures": "期间生效的措施及其在本小区的投入（针对全部问题）：",
        "since": "  {name}（第{first}月起）{took}",
        "always": "  {name}{took}",
        "actors": "按主体合计：{0}",
        "hours": "{0}{1:.0f}小时",
        "yuan": "{0}{1:.0f}元",
        "then": "；",
        "between": "、",
        "takes": "：",
        "others": "对照：第1至{last}月出现的全部{number:.0f}件{category}问题中，办结{solved:.0%}，"
        "长期挂起{shelved:.0%}，其余未结；{median}。",
        "median": "已结束的中位历时{0:g}个月",
        "no_median": "尚无一件结束",
        "one": "以上为一个随机编号下的一次运行，换随机编号则故事不同。",
    },
}

_WHO = {
    "en": ("residents", "firm, committee", "grid workers", "departments", "departments"),
    "zh": ("居民", "物业服务企业、业委会", "网格员", "街道部门", "区级部门"),
}
_FEELING = {
    "en": dict(zip(FEELINGS, ("grievance", "feeling of being heard", "trust in the firm", "trust in the cell"),
                   strict=True)),
    "zh": dict(zip(FEELINGS, ("不满情绪", "参与效能感", "对物业服务企业的信任", "对党组织和社区的信任"), strict=True)),
}  # fmt: skip


def tell(story: Story, lang: str = "en") -> str:
    """The whole story as lines of plain text.

    Args:
        story: What happened.
        lang: ``"en"`` or ``"zh"``.
    """
    return "\n".join(_Teller(story, lang).lines())


class _Teller:
    def __init__(self, story: Story, lang: str) -> None:
        self.story, self.lang, self.w = story, lang, _WORDS[lang]
        self.rows: list[dict[str, Any]] = story.months.to_dict("records")  # type: ignore[assignment]
        self.first, self.last = self.rows[0], self.rows[-1]

    def lines(self) -> Iterator[str]:
        c, w, s = self.story.config, self.w, self.story
        title = title_of(c.scenario, self.lang)
        yield w["head"].format(title=title, policy=c.policy.name, seed=c.seed)
        label = w["label"].format(s.label) if s.label else ""
        yield w["what"].format(
            number=self.first["problem"], category=self._category(), label=label,
            **{k: self.first[k] for k in ("building", "stair", "floor")},
        )  # fmt: skip
        yield ""
        yield from self._months()
        yield ""
        yield w["path"].format(self._path())
        parts = [w["part"].format(self._level(k), hours) for k, hours in s.hours().items()]
        yield w["own"].format(w["between"].join(parts) or w["nothing"])
        yield w["feelings"]
        for name in FEELINGS:
            values = (self.first[f"{name}_before"], *(self.last[f"{name}_{k}"] for k in _WHEN))
            shown = _FEELING[self.lang][name]
            yield w["same"].format(*values, name=shown, arrow=w["arrow"].strip())
        yield from self._measures()
        yield ""
        months = s.others["median_months"]
        median = w["no_median"] if isnan(months) else w["median"].format(months)
        yield w["others"].format(
            category=self._category(), last=c.months, median=median, **s.others
        )
        yield w["one"]

    # --- months -----------------------------------------------------------------------------------

    def _months(self) -> Iterator[str]:
        told = [(row["month"], self._month(row)) for row in self.rows]
        for texts, same in groupby(told, key=lambda item: item[1]):
            months = [month for month, _ in same]
            ends = (months[0], months[-1])
            when = self.w["months" if len(months) > 1 else "month"].format(*ends)
            for i, text in enumerate(texts):
                # A Chinese character fills two columns.
                wide = 0 if i else sum(ord(character) > 0x2E80 for character in when)
                yield f"{'' if i else when:<{14 - wide}}{text}"

    def _month(self, row: dict[str, Any]) -> tuple[str, ...]:
        w, happened = self.w, Happened(int(row["happened"]))
        texts = []
        if row["month"] == row["arose"]:
            texts.append(w["arises"])
        elif row["moved"]:
            texts.append(w["moved"])
        if row["met"]:
            texts.append(w["met"])
        found = happened & _FOUND
        if row["said"]:
            texts.append(w["said"].format(door=self._door(row["said"])))
        if found:
            texts.append(w["then"].join([w[str(found.name)], self._sent(row)]))
        if not (row["open"] or found):
            given_up = [w["SHELVED"]] if happened & Happened.SHELVED else []
            if row["month"] == row["arose"]:
                return (*texts, *given_up)
            return (*texts, w["hidden"], *given_up)
        texts.append(w["then"].join([self._work(row, happened), *self._outcome(row, happened)]))
        return tuple(texts)

    def _work(self, row: dict[str, Any], happened: Happened) -> str:
        w, who = self.w, _WHO[self.lang][row["level"]]
        if happened & Happened.NO_MONEY:
            return w["NO_MONEY"]
        if row["hours"] > 0.0:
            return w["tried"].format(level=self._level(row["level"]), who=who, hours=row["hours"])
        known = happened & _FOUND or row["said"] or happened & Happened.UNSOLVED
        return w["waits" if known else "silent"].format(level=self._level(row["level"]), who=who)

    def _outcome(self, row: dict[str, Any], happened: Happened) -> Iterator[str]:
        w = self.w
        for one in (Happened.CALLED, Happened.PASSED):
            if happened & one:
                yield w[str(one.name)]
        if happened & Happened.ROSE:
            yield w["ROSE"].format(level=self._level(row["left_at"]))
        for one in (Happened.SOLVED, Happened.UNSOLVED, Happened.SHELVED):
            if happened & one:
                yield w[str(one.name)]

    def _sent(self, row: dict[str, Any]) -> str:
        days = self.story.config.handling.record["limit"][0][row["urgency"]]
        return self.w["sent"].format(level=self._level(row["level"]), days=round(float(days), 2))

    def _door(self, door: int) -> str:
        if self.lang == "en":
            return Door(door).name.lower()
        return [row.zh for row in PerDoor.describe()][door - 1]

    # --- sums -------------------------------------------------------------------------------------

    def _path(self) -> str:
        w = self.w
        steps = [(self._level(r["level"]) if self._known(r) else "") for r in self.rows]
        parts = []
        for step, months in groupby(steps):
            count = len(list(months))
            parts.append(
                w["level_part"].format(step, count) if step else w["hidden_part"].format(count)
            )
        end = w[self.story.end].format(
            self.last["month"], self.last["month"] - self.first["month"] + 1
        )
        return w["arrow"].join([*parts, end])

    def _known(self, row: dict[str, Any]) -> bool:
        return bool(row["open"] or Happened(int(row["happened"])) & _FOUND)

    def _measures(self) -> Iterator[str]:
        w, story = self.w, self.story
        yield w["measures"]
        if not story.in_force:
            yield f"  {w['nothing']}"
        for name, months in story.in_force.items():
            form = "always" if months[0] == self.first["month"] else "since"
            took = w["between"].join(self._took([name]))
            took = f"{w['takes']}{took}" if took else ""
            yield w[form].format(name=name, first=months[0], took=took)
        by_actor = w["between"].join(self._took(list(story.in_force)))
        yield w["actors"].format(by_actor or w["nothing"])

    def _took(self, measures: list[str]) -> Iterator[str]:
        costs = self.story.costs
        if costs.empty:
            return
        own = costs[costs["measure"].isin(measures)]
        for row in own.groupby("actor")[["hours", "yuan"]].sum().reset_index().to_dict("records"):
            actor = ACTORS[self.lang].get(row["actor"], row["actor"])
            for unit in ("hours", "yuan"):
                if row[unit] > 0.0:
                    yield self.w[unit].format(actor, row[unit])

    def _level(self, level: int) -> str:
        if self.lang == "en":
            return Level(level).name.lower()
        return _names_zh(PerLevel)[level]

    def _category(self) -> str:
        return category_name(self.story.category, self.lang)


def category_name(category: int, language: str) -> str:
    """What a problem is about, in words."""
    if language == "en":
        return Category(category).name.lower().replace("_", " ")
    return _names_zh(PerCategory)[category]


_WHEN = ("before", "after", "end")


def _names_zh(group: type[PerLevel] | type[PerCategory]) -> list[str]:
    return [row.zh for row in group.describe()]


def print_story(story: Story, console: Console, language: str = "en") -> None:
    """Print a story, its lines as long as they are."""
    print(tell(story, language), file=console.file)

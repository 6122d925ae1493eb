"""Words for the story of one problem, month by month and level by level, in English or Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING, Any

from sim.as_text import title_of
from sim.experiments.summary_table import ACTORS
from sim.experiments.trace import FEELINGS, Story
from sim.phrases import phrases
from sim.processes.issues import Category, Door, Happened, Level, PerCategory, PerLevel
from sim.processes.voices import PerDoor

if TYPE_CHECKING:
    from rich.console import Console

_FOUND = (
    Happened.FOUND_BY_RESIDENT | Happened.FOUND_BY_MEETING
    | Happened.FOUND_BY_GRID | Happened.FOUND_BY_FIRM
)  # fmt: skip

_WORDS = phrases("trace")

_WHO = phrases("trace_who")
_FEELING = phrases("feelings")


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

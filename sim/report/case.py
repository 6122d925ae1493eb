"""One scenario of a comparison, ready to be told: its runs, names and units in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.as_text import is_share, parameter_text, title_of
from sim.config import Config
from sim.experiments import store
from sim.experiments.compare import Comparison
from sim.experiments.comparison_table import policy_title, shown_month
from sim.experiments.store import UNITS
from sim.experiments.summary import unit_word
from sim.inputs import units
from sim.outcomes import INDICATORS, Indicator
from sim.report.content import Table, plain
from sim.report.sentences import Runs
from sim.report.words import WORDS
from sim.schema import Described

if TYPE_CHECKING:
    from sim.science.effect import Effect

WITHOUT_UNIT = ("1", "name", "path")
"""Units of the configuration that are none to a reader."""

LONGEST_NAME = {"zh": 20, "en": 40}
"""Characters of a policy's or compound's name in the paper; annexes have it whole."""


@dataclass(frozen=True)
class Extra:
    """What the desk knows beyond a comparison.

    Attributes:
        question: What the user wants to know, in words.
        level: Share of fees that sentences ask about; None takes the comparison's own threshold.
        within: Month that sentences ask about.
        notes: Said under the description of the compound, such as how its start was reached.
        tables: Further tables, with the title of the section they make.
        repeat: How to repeat it, instead of a command.
        link: To be copied for that.
        files: Paths of a configuration, and what they are called in the report.
        why: What carried a policy's effect, by scenario, where that was asked.
    """

    question: str = ""
    level: float | None = None
    within: int = 24
    notes: Sequence[str] = ()
    tables: Sequence[tuple[str, str, Table]] = ()
    repeat: str = ""
    link: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, Effect] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Case:
    """One scenario of a comparison.

    Attributes:
        comparison: What is reported.
        scenario: Which of its scenarios.
        language: "en" or "zh".
        extra: What is known beyond it.
    """

    comparison: Comparison
    scenario: str
    language: str
    extra: Extra

    @property
    def words(self) -> dict[str, str]:
        """Words of annexes."""
        return WORDS[self.language]

    @property
    def reference(self) -> str:
        """What the others are held against."""
        return self.comparison.question.reference

    @property
    def policies(self) -> list[str]:
        """All of them, in the order asked."""
        return self.comparison.question.policies

    @property
    def tried(self) -> list[str]:
        """All but the reference."""
        return [policy for policy in self.policies if policy != self.reference]

    @property
    def level(self) -> float:
        """Share of fees that is asked about."""
        level = self.extra.level
        return self.comparison.question.threshold if level is None else level

    @property
    def month(self) -> int:
        """Month that is asked about, or the last if fewer were lived."""
        return shown_month(self.comparison, self.scenario, self.extra.within)

    @property
    def last(self) -> int:
        """The last month lived."""
        return self.config(self.reference).months

    @cached_property
    def households(self) -> int:
        """Units of all its compounds, as they were lived."""
        kept = self.comparison.made_of.get(UNITS, {}).get(self.scenario)
        return units(self.config(self.reference)) if kept is None else int(kept)

    def config(self, policy: str) -> Config:
        """The configuration of a policy."""
        return self.comparison.question.configs[self.scenario, policy]

    @property
    def place(self) -> str:
        """What the compound is called."""
        return title_of(self.config(self.reference).scenario, self.language)

    @property
    def plain(self) -> str:
        """Its scenario in the names of tables, which are names of files, unlike any other's here."""
        name = store.plain(self.scenario)
        alike = [s for s in self.comparison.question.scenarios if store.plain(s) == name]
        return f"{name}_{alike.index(self.scenario) + 1}" if len(alike) > 1 else name

    def title(self, policy: str) -> str:
        """What a policy is called."""
        return plain(policy_title(self.config(policy), policy, self.language))

    @property
    def why(self) -> tuple[str, Effect] | None:
        """What carried a policy's effect, and what this policy is called; None where that was not asked."""
        effect = self.extra.why.get(self.scenario)
        if effect is None:
            return None
        config = effect.question.config
        return plain(policy_title(config, config.policy.name, self.language)), effect

    @cached_property
    def called(self) -> dict[str, str]:
        """Short names of the policies for the paper, no two alike."""
        names: dict[str, str] = {}
        for policy in self.policies:
            name = cut_short(self.title(policy), self.language)
            alike = sum(name == other.partition("\u200a")[0] for other in names.values())
            names[policy] = f"{name}\u200a({alike + 1})" if alike else name
        return {policy: name.replace("\u200a", "") for policy, name in names.items()}

    def of(self, indicator: Any) -> str:
        """What an indicator or measure is called."""
        return str(indicator.zh if self.language == "zh" else indicator.en)

    def unit(self, unit: str) -> str:
        """The unit of a parameter; empty where it has none."""
        return "" if unit in WITHOUT_UNIT else unit_word(unit, self.language)

    def unit_of(self, known: Indicator) -> str:
        """The unit of an indicator's values; shares are percent in every table."""
        return "%" if known.share else self.unit(known.unit)

    def name_of(self, row: Described) -> str:
        """What a parameter is called."""
        return row.zh if self.language == "zh" and row.zh else row.en

    def value(self, value: Any, row: Described) -> str:
        """A parameter's value with its unit."""
        unit = "" if is_share(row) else self.unit(row.unit)
        return " ".join(filter(None, [parameter_text(value, row, self.language), unit]))

    @cached_property
    def runs(self) -> dict[str, Runs]:
        """Runs by policy."""
        return {policy: self._runs(policy) for policy in self.policies}

    def _runs(self, policy: str) -> Runs:
        frame = self.comparison.months
        frame = frame[(frame["scenario"] == self.scenario) & (frame["policy"] == policy)]
        means = frame.groupby(["seed", "month"], sort=True)[list(INDICATORS)].mean()
        seeds = means.index.get_level_values("seed").unique().to_numpy()
        months = means.index.get_level_values("month").unique().to_numpy()
        values = means.to_numpy().reshape(len(seeds), len(months), len(INDICATORS))
        rows = self.comparison.runs
        rows = rows[(rows["scenario"] == self.scenario) & (rows["policy"] == policy)]
        spent = rows.set_index("seed")[["hours", "yuan"]].loc[seeds]
        return Runs(seeds, months, values, spent["hours"].to_numpy(), spent["yuan"].to_numpy())


def cut_short(name: str, language: str) -> str:
    """A name that fits into a sentence."""
    most = LONGEST_NAME[language]
    return name if len(name) <= most else f"{name[: most - 1]}…"

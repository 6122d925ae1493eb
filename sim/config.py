"""What may be configured: the tree of parameter classes, and how given values are checked by it.

How files and single settings are put together into one tree stands in ``sim.compose``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo

from sim import ensemble, files
from sim.agents.cell import CellParameters
from sim.agents.committee import CommitteeParameters
from sim.agents.community import CommunityParameters
from sim.agents.developer import DeveloperParameters
from sim.agents.firm import CompanyParameters, FirmParameters
from sim.agents.fund import FundParameters
from sim.errors import InputError, refuse_broken
from sim.explain import input_error, shorten, show, unknown_name
from sim.measures.catalogue import CATALOGUE, Measure, MeasureParameters
from sim.objects import MOST_PARTS
from sim.outcomes import INDICATORS
from sim.processes.assembly import AssemblyParameters
from sim.processes.bills import BillParameters
from sim.processes.commons import CommonsParameters
from sim.processes.conflict import ConflictParameters
from sim.processes.fees import FeeParameters
from sim.processes.handling import HandlingParameters
from sim.processes.issues import IssueParameters
from sim.processes.parking import ParkingParameters
from sim.processes.participation import ParticipationParameters
from sim.processes.perception import PerceptionParameters
from sim.processes.service import ServiceParameters
from sim.processes.turnover import TurnoverParameters
from sim.processes.voices import VoiceParameters
from sim.schema import PATH, Parameters, param
from sim.society.district import KIND_GROUPS, DistrictParameters
from sim.society.population import PopulationParameters
from sim.society.ties import NetworkParameters
from sim.world.arrows import ARROWS

# --- what may be said ---------------------------------------------------------------------------


class Entry(NamedTuple):
    """A measure or event that a configuration puts in force."""

    label: str
    measure: type[Measure]
    parameters: MeasureParameters


class Evidence(Parameters):
    """One passage that a scenario rests on."""

    quote: str = param("", "Passage as the source has it", zh="原文")
    source: str = param("", "File name of the source", zh="出处")
    note: str = param("", "How the passage is used", zh="说明")


class Target(Parameters):
    """One reported figure that a run of the scenario is held against."""

    indicator: str = param("", "Name of the indicator", zh="指标")
    month: int = param(0, "Month of the figure", unit="month", low=-240, high=600, zh="月份")
    low: float = param(0.0, "Smallest value that counts as met", zh="下限")
    high: float = param(1.0, "Largest value that counts as met", zh="上限")
    window: int = param(
        1,
        "Months averaged, the month itself the last",
        unit="month",
        low=1,
        high=120,
        zh="平均月数",
    )
    relative: bool = param(
        False, "Whether low, high and reported are changes relative to the same window at month 0",
        zh="相对变化",
    )  # fmt: skip
    weight: str = param(
        "", "Indicator by which compounds and months are weighted where the figure is a share of a whole; "
        "without one they weigh alike", zh="权重指标",
    )  # fmt: skip
    reported: float | None = param(None, "Figure as reported, null if only a range is", zh="报道值")
    label: str = param("", "What the figure says, for a table", zh="名称")
    source: str = param("", "File name of the source", zh="出处")
    fitted: bool = param(False, "Whether parameters were fitted to this figure", zh="是否用于校准")
    in_words: bool = param(
        False, "Whether the text tells it in words, without a figure: the interval is ours, so it counts as no hit",
        zh="仅有文字表述",
    )  # fmt: skip
    note: str = param("", "Caveat", zh="说明")

    @field_validator("indicator", "weight")
    @classmethod
    def _known(cls, name: str) -> str:
        if name and name not in INDICATORS:
            raise ValueError(f"no indicator {name}; see `xiaoqu list indicators`")
        return name

    @model_validator(mode="after")
    def _ordered(self) -> Target:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        if self.in_words and (self.fitted or self.reported is not None):
            raise ValueError(
                "in_words is said of a target that is fitted or has a reported figure; allowed: one of the two"
            )
        return self

    @property
    def use(self) -> str:
        """What a hit says: "fitted", "predicted", or "told in words" where the text gives no figure."""
        if self.in_words:
            return "told in words"
        return "fitted" if self.fitted else "predicted"


class Scenario(Parameters):
    """A case: who it is, what happened before month 0, what was reported after."""

    name: str = param("default", "Short name, as in scenario=NAME", zh="代号")
    title: str = param("A compound with default parameters", "Title in English", zh="英文标题")
    title_zh: str = param("默认小区", "Title in Chinese", zh="中文标题")
    summary: str = param("", "The case in a few sentences", zh="概要")
    policy: str = param(
        "none", "Policy under which its targets were reported, for validate", zh="案例政策"
    )
    history_months: int = param(
        0, "Months lived before month 0, so that the start state is reached and not painted on",
        unit="month", low=0, high=240, zh="历史月数",
    )  # fmt: skip
    first_month: int = param(
        1,
        "Calendar month of month 1, the first after month 0",
        low=1,
        high=12,
        zh="第1个月的日历月份",
    )
    history: dict[str, dict[str, Any]] = param(
        {}, "Events of the compound's past: label and {measure, start, ...}", zh="历史事件"
    )
    evidence: list[Evidence] = param([], "Passages the scenario rests on", zh="证据")
    targets: list[Target] = param([], "Reported figures to be met", zh="目标")
    _entries: tuple[Entry, ...] = PrivateAttr(default=())

    @field_validator("history", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return _fill_empty(value)

    @model_validator(mode="after")
    def _typed(self) -> Scenario:
        self._entries = _typed_entries("scenario.history", self.history)
        return self

    def entries(self) -> list[Entry]:
        """Events of the past in the catalogue's order."""
        return list(self._entries)


NO_POLICY = "none"
"""Name of the policy without measures."""


class Policy(Parameters):
    """What is done from month 1 on: measures, each under a label."""

    name: str = param(NO_POLICY, "Short name, as in policy=NAME", zh="代号")
    title: str = param("", "Title in English", zh="英文标题")
    title_zh: str = param("", "Title in Chinese", zh="中文标题")
    summary: str = param("", "The policy in a few sentences", zh="概要")
    measures: dict[str, dict[str, Any]] = param(
        {},
        "Measures: label and {measure, start, end, ramp, coverage, dose, ...}; "
        "the label is the measure's name unless measure is given",
        zh="措施",
    )
    told: dict[str, str] = param(
        {}, "Passages that tell the measures, by label: FILE: passage as the source has it, several split by '; '",
        zh="措施出处原文",
    )  # fmt: skip
    _entries: tuple[Entry, ...] = PrivateAttr(default=())

    @model_validator(mode="before")
    @classmethod
    def _called(cls, given: Any) -> Any:
        """Call measures that were set one by one by their labels, not "none" nor "No measures"."""
        if not isinstance(given, dict) or given.get("name", NO_POLICY) != NO_POLICY:
            return given
        measures = given.get("measures")
        if not isinstance(measures, dict) or not measures:
            return given
        rest = {
            key: value
            for key, value in given.items()
            if key not in ("title", "title_zh", "summary")
        }
        return {**rest, "name": "+".join(sorted(map(str, measures)))}

    @field_validator("measures", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return _fill_empty(value)

    @model_validator(mode="after")
    def _typed(self) -> Policy:
        self._entries = _typed_entries("policy.measures", self.measures)
        return self

    def entries(self) -> list[Entry]:
        """Measures in the catalogue's order, so that the order of writing never matters."""
        return list(self._entries)


class Mechanisms(Parameters):
    """Which processes of the month run; switched off, a process leaves its columns as they are."""

    turnover: bool = param(True, "Households move out and in", zh="住户流动")
    ties: bool = param(True, "Ties between neighbours strengthen and fade", zh="邻里关系")
    issues: bool = param(True, "Issues arise and are handled", zh="诉求")
    service: bool = param(True, "Facilities decay and are kept up", zh="服务")
    perception: bool = param(True, "Satisfaction and trust move", zh="感知")
    participation: bool = param(True, "Households attend meetings", zh="参与")
    fees: bool = param(True, "Households pay or withhold the fee", zh="缴费")
    commons: bool = param(True, "Common space is misused or left free", zh="公共空间")
    conflict: bool = param(True, "Conflict rises and falls", zh="冲突")
    institutions: bool = param(True, "Firm, committee, cell and others decide", zh="机构决策")


class Experiment(Parameters):
    """A design of many runs: which keys vary, over what, and how it is kept."""

    name: str = param("", "Short name, as in experiment=NAME", zh="代号")
    title: str = param("", "Title in English", zh="英文标题")
    title_zh: str = param("", "Title in Chinese", zh="中文标题")
    summary: str = param("", "The experiment in a few sentences", zh="概要")
    design: Literal["grid", "list", "lhs", "sobol", "csv"] = param(
        "grid", "How points are laid: every combination, those listed, sampled, or from a file",
        zh="设计类型",
    )  # fmt: skip
    factors: dict[str, Any] = param(
        {}, "Keys and what they take: one value, a list, a range(), or {low, high}", zh="因素"
    )
    points: list[dict[str, Any]] = param([], "Points of a list: key: value each", zh="设计点")
    file: str = param("", "CSV file of points, a column per key", unit=PATH, zh="设计文件")
    samples: int = param(
        128, "Points sampled in intervals (lhs, sobol)", low=1, high=1_000_000, zh="样本数"
    )
    sampling_seed: int = param(
        1, "Seed of the sampling, apart from the runs'", low=0, high=2**32 - 1, zh="抽样随机编号"
    )
    chunk: int = param(
        0, "Runs kept in one file, 0 decides by their size", low=0, high=100_000, zh="每文件运行数"
    )
    keep_months: bool = param(False, "Keep every month of every run", zh="保留逐月结果")
    budget: float = param(
        0.0, "Longest time it may be estimated to take, 0 for any", unit="minute", low=0, high=1_000_000,
        zh="时间预算",
    )  # fmt: skip


class Executor(Parameters):
    """Where runs are computed; never changes a result."""

    kind: Literal["local", "threads", "processes", "dask"] = param(
        "local", "Threads of this process (processes where Python is part of a month), one of both, or "
        "a Dask cluster", zh="执行方式",
    )  # fmt: skip
    address: str = param("", "Scheduler of the Dask cluster, as in tcp://host:8786", zh="集群地址")
    workers: int = param(
        0, "Threads or processes, 0 for one per core", low=0, high=4096, zh="并行数"
    )
    threads: int = param(1, "Threads inside one run", low=1, high=1024, zh="线程数")


ON, OFF = "on", "off"
"""Whether there is doubt about parameters."""


class Config(Parameters):
    """Everything that decides a run."""

    seed: int = param(1, "Seed of the first replication", low=0, high=2**32 - 1, zh="随机编号")
    months: int = param(
        60, "Months simulated after month 0", unit="month", low=1, high=600, zh="模拟月数"
    )
    replications: int = param(
        30, "Runs that differ only by seed", low=1, high=1_000_000, zh="重复次数"
    )
    doubt: Literal["on", "off"] = param(
        ON, "Whether each seed lives a parameter set of its own (see `xiaoqu explain doubt`), or all live one",
        zh="参数不确定性",
    )  # fmt: skip
    held: list[str] = param(
        [], "Drawn keys that were set, and so are not drawn; recorded, not to be given", zh="固定的参数"
    )  # fmt: skip
    draws_file: str = param(
        "", "File of parameter sets that seeds live instead of those of xiaoqu, as `xiaoqu compound` keeps one: "
        "a column a key, a row a set", unit=PATH, zh="自有参数组文件",
    )  # fmt: skip
    scenario: Scenario = Field(default_factory=Scenario)
    policy: Policy = Field(default_factory=Policy)
    mechanisms: Mechanisms = Field(default_factory=Mechanisms)
    cut: list[str] = param(
        [], "Causal arrows that are cut, by their names in `xiaoqu explain arrows`", zh="切断的因果箭头"
    )  # fmt: skip
    district: DistrictParameters = Field(default_factory=DistrictParameters)
    population: PopulationParameters = Field(default_factory=PopulationParameters)
    network: NetworkParameters = Field(default_factory=NetworkParameters)
    turnover: TurnoverParameters = Field(default_factory=TurnoverParameters)
    issues: IssueParameters = Field(default_factory=IssueParameters)
    voices: VoiceParameters = Field(default_factory=VoiceParameters)
    handling: HandlingParameters = Field(default_factory=HandlingParameters)
    service: ServiceParameters = Field(default_factory=ServiceParameters)
    perception: PerceptionParameters = Field(default_factory=PerceptionParameters)
    participation: ParticipationParameters = Field(default_factory=ParticipationParameters)
    fees: FeeParameters = Field(default_factory=FeeParameters)
    bills: BillParameters = Field(default_factory=BillParameters)
    commons: CommonsParameters = Field(default_factory=CommonsParameters)
    parking: ParkingParameters = Field(default_factory=ParkingParameters)
    conflict: ConflictParameters = Field(default_factory=ConflictParameters)
    firm: FirmParameters = Field(default_factory=FirmParameters)
    company: CompanyParameters = Field(default_factory=CompanyParameters)
    committee: CommitteeParameters = Field(default_factory=CommitteeParameters)
    assembly: AssemblyParameters = Field(default_factory=AssemblyParameters)
    fund: FundParameters = Field(default_factory=FundParameters)
    cell: CellParameters = Field(default_factory=CellParameters)
    community: CommunityParameters = Field(default_factory=CommunityParameters)
    developer: DeveloperParameters = Field(default_factory=DeveloperParameters)
    experiment: Experiment = Field(default_factory=Experiment)
    executor: Executor = Field(default_factory=Executor)

    _kinds: dict[str, dict[str, Parameters]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _recorded(cls, tree: Any) -> Any:
        return _with_held(tree) if isinstance(tree, dict) else tree

    @field_validator("doubt", mode="before")
    @classmethod
    def _yaml_truth(cls, said: Any) -> Any:
        # In a file on and off are what YAML takes for true and false.
        return (OFF, ON)[said] if isinstance(said, bool) else said

    @field_validator("cut", mode="before")
    @classmethod
    def _arrows(cls, cut: Any) -> Any:
        # One name stands for a list of it, so that a sweep may take several in turn.
        names = [cut] if isinstance(cut, str) else cut
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return cut
        for name in names:
            if name not in ARROWS:
                problem = f"no arrow is named {show(name)}"
                raise unknown_name("cut", problem, name.replace("->", "_to_"), sorted(ARROWS))
        return sorted(set(names))

    @model_validator(mode="after")
    def _sets_lived(self) -> Config:
        if self.draws_file and self.doubt == OFF:
            raise ValueError(
                "doubt is off, so no set of draws_file (or of a compound) would be lived; allowed: one of the two"
            )
        return self

    @model_validator(mode="after")
    def _typed_kinds(self) -> Config:
        common = {group: getattr(self, group) for group in KIND_GROUPS}
        self._kinds = {"": common}
        if self.district.kinds:
            self._kinds = {
                name: {group: _differing(base, kind, name, group) for group, base in common.items()}
                for name, kind in self.district.kinds.items()
            }
        return self

    def kinds(self) -> dict[str, dict[str, Parameters]]:
        """Parameters by kind of compound ("" where all are alike) and group."""
        return self._kinds

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy with other values; drawn keys that they name are held."""
        if update and (named := self.sets.named_in(update)):
            update = {**update, "held": sorted({*self.held, *named})}
        return super().model_copy(update=update, deep=deep)

    def at(self, key: str) -> Any:
        """What stands at a dotted key."""
        value: Any = self
        for name in key.split("."):
            value = getattr(value, name)
        return value

    @property
    def sets(self) -> ensemble.Ensemble:
        """The parameter sets that seeds live.

        Raises:
            InputError: ``draws_file`` cannot be read.
        """
        return ensemble.of(self.draws_file)

    @property
    def doubted(self) -> bool:
        """Whether seeds differ in their parameters."""
        # Of an answer read back the file of its sets may be gone.
        return self.doubt == ON and (
            bool(self.draws_file) or not set(self.sets.keys) <= set(self.held)
        )

    def drawn(self, seed: int) -> Config:
        """The one parameter set that is lived under a seed: this configuration itself without doubt.

        What was set is held, also by a kind of compound for itself; see ``sim.ensemble`` for which set it is.
        """
        if not self.doubted:
            return self
        held, groups = set(self.held), dict[str, Parameters]()
        kinds = {name: dict(of) for name, of in self._kinds.items()}
        for group, values in self.sets.draw(seed).items():
            free = {name: v for name, v in values.items() if f"{group}.{name}" not in held}
            groups[group] = common = ensemble.moved(getattr(self, group), free)
            for kind, of in kinds.items():
                if group in of:
                    own = self._own(kind, group)
                    mine = {name: v for name, v in free.items() if name not in own}
                    of[group] = ensemble.moved(of[group], mine) if own else common
        drawn = super().model_copy(update={**groups, "doubt": OFF, "draws_file": ""})
        drawn._kinds = kinds
        return drawn

    def _own(self, kind: str, group: str) -> dict[str, Any]:
        """What a kind of compound sets otherwise in a group; nothing where all are alike."""
        return getattr(self.district.kinds[kind], group) if kind else {}

    def doubt_said(self, language: str = "en", varied: Collection[str] = ()) -> str:
        """One line on which parameters are drawn, in a language; ``varied`` keys are set by a sweep, so held too."""
        try:
            sets = self.sets
        except InputError as gone:
            return str(gone)
        if not self.doubted:
            return ensemble.said(sets, sets.keys, {}, language)
        kinds: dict[str, list[str]] = {}
        held = {*self.held, *varied}
        for key in set(sets.keys) - held:
            group, _, name = key.partition(".")
            own = [
                k
                for k in self.district.kinds
                if group in KIND_GROUPS and name in self._own(k, group)
            ]
            kinds |= {key: own} if own else {}
        return ensemble.said(sets, held, dict(sorted(kinds.items())), language)

    def resolved(self) -> dict[str, Any]:
        """Every value in force, the measures' own defaults too, as plain JSON types."""
        tree = self.model_dump(mode="json")
        tree["policy"]["measures"] = _plain(self.policy.entries())
        tree["scenario"]["history"] = _plain(self.scenario.entries())
        return tree

    def named_files(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Parts of the key, and path, of every file that a run reads, also for kinds and measures."""
        for key, path in super().named_files():
            if key[0] not in ("executor", "experiment"):
                yield key, path
        for name, kind in self.district.kinds.items():
            for group, parameters in self._kinds[name].items():
                for key, path in parameters.named_files():
                    if key[0] in getattr(kind, group):
                        yield ("district", "kinds", name, group, *key), path
        for where, entries in (
            (("scenario", "history"), self.scenario.entries()),
            (("policy", "measures"), self.policy.entries()),
        ):
            for entry in entries:
                for key, path in entry.parameters.named_files():
                    yield (*where, entry.label, *key), path

    def fingerprint(self) -> str:
        """Short hash of all that a configuration says and that can change a result.

        Files count by what they hold, not by their names. Titles, evidence and where a run is
        computed do not count. Code counts too, but is no matter of a configuration: see
        ``sim.experiments.provenance``.
        """
        tree = self.resolved()
        del tree["executor"], tree["experiment"], tree["scenario"]["evidence"]
        if not self.doubted:
            del tree["doubt"], tree["held"]
        for said in (tree["scenario"], tree["policy"], *tree["district"]["kinds"].values()):
            for text in ("title", "title_zh", "summary", "told"):
                said.pop(text, None)
        for (*place, last), path in self.named_files():
            group: Any = tree
            for name in place:
                group = group[name]
            group[last] = files.content_hash(path)
        text = json.dumps(tree, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


SHARED = (
    "turnover", "network", "issues", "voices", "handling", "perception", "participation", "fees", "commons", "conflict",
    "community", "company", "assembly",
)  # fmt: skip
"""Groups of parameters that are alike in every compound."""

BY_KIND = tuple(group for group in KIND_GROUPS if group != "population")
"""Groups that rules read in which kinds of compound may differ; of population only the start is made."""

GROUPS = tuple(Config.model_fields)
"""Keys and groups that come along with xiaoqu."""


def set_own_groups(groups: Mapping[str, type[Parameters]]) -> None:
    """Let every configuration have these groups behind ours: keys, checks and texts follow from the fields."""
    for name in Config.model_fields.keys() - set(GROUPS):
        del Config.model_fields[name]
    for name, group in groups.items():
        field = Field(default_factory=group)
        Config.model_fields[name] = FieldInfo.from_annotated_attribute(group, field)
    Config.model_rebuild(force=True)
    _nested_defaults.cache_clear()


def _differing(base: Parameters, kind: Parameters, name: str, group: str) -> Parameters:
    given = getattr(kind, group)
    if not given:
        return base
    try:
        return type(base).model_validate(_merge(base.model_dump(), given))
    except ValidationError as error:
        where = f"district.kinds.{name}.{group}"
        raise input_error(error, type(base), where) from None


# --- how it is checked ----------------------------------------------------------------------------


def check(tree: dict[str, Any]) -> Config:
    """Check a plain tree of settings, such as one from ``Config.resolved()``.

    Raises:
        InputError: For the first value that is not allowed.
    """
    if not isinstance(tree, dict):
        raise InputError("configuration", f"{tree!r} is not allowed", "settings by key")
    for text in texts_of(tree):
        refuse_broken(text, "configuration")
    return _check_values(tree)


def _check_values(tree: dict[str, Any]) -> Config:
    try:
        # Before defaults are laid below: afterwards nobody knows what was said.
        return Config.model_validate(_complete(Config, _with_held(tree)))
    except ValidationError as error:
        raise input_error(error, Config) from None


def _with_held(tree: dict[str, Any]) -> dict[str, Any]:
    """A tree that says which drawn keys are held: without a record, all that it names."""
    return tree if "held" in tree else {**tree, "held": sorted(sets_of(tree).named_in(tree))}


def sets_of(tree: Mapping[str, Any]) -> ensemble.Ensemble:
    """The parameter sets that a tree of settings names."""
    path = tree.get("draws_file")
    return ensemble.of(path if isinstance(path, str) else "")


def texts_of(tree: Any) -> Iterator[str]:
    """Every text in a plain tree, keys and values, those of a part that stands twice but once."""
    seen: set[int] = set()
    parts = [tree]
    while parts:
        part = parts.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict | list | tuple) and id(part) not in seen:
            seen.add(id(part))
            parts += [*part, *part.values()] if isinstance(part, dict) else part


def change(tree: dict[str, Any], settings: dict[str, Any]) -> Config:
    """Check a plain tree, such as a configuration's, with some dotted keys set anew; it stays as it is.

    Raises:
        InputError: For the first key that cannot be set or value that is not allowed.
    """
    # The texts of the whole tree would take a quarter of the time, which a sweep spends for each point.
    for text in texts_of(settings):
        refuse_broken(text, "configuration")
    refuse_held(settings)
    if "held" in tree:
        tree = {
            **tree,
            "held": sorted({*tree["held"], *sets_of({**tree, **settings}).set_by(settings)}),
        }
    for key, value in settings.items():
        if key.count(".") >= MOST_PARTS:
            raise InputError(shorten(key), "goes too deep", f"a key of at most {MOST_PARTS} parts")
        tree = _laid(tree, key.split("."), value, key)
    return _check_values(tree)


def refuse_held(settings: Mapping[str, Any]) -> None:
    """Refuse to be told which keys are held: it follows from what is set.

    Raises:
        InputError: It is among the settings.
    """
    if "held" in settings:
        raise InputError("held", "is recorded, not given", "the key itself, as fees.trust=1.2")


def _laid(tree: dict[str, Any], place: list[str], value: Any, key: str) -> dict[str, Any]:
    name, rest = place[0], place[1:]
    below = tree.get(name)
    if rest:
        if not isinstance(below, dict | None):
            raise InputError(key, f"cannot be set to {show(value)}", "a key of the schema")
        value = _laid(below or {}, rest, value, key)
    elif isinstance(value, dict) and isinstance(below, dict):
        value = _merge(below, value)
    return {**tree, name: value}


def _complete(group: type[Parameters], given: dict[str, Any]) -> dict[str, Any]:
    """Lay settings over the defaults of nested groups.

    Pydantic alone would fill a half-given group from its class, not from the default that its
    owner states: one rate given would set all other rates to zero.
    """
    nested = _nested_defaults(group)
    laid = {
        n: _merge(nested[n], t) for n, t in given.items() if n in nested and isinstance(t, dict)
    }
    return {**given, **laid}


@cache
def _nested_defaults(group: type[Parameters]) -> dict[str, dict[str, Any]]:
    defaults = {n: f.get_default(call_default_factory=True) for n, f in group.model_fields.items()}
    return {n: d.model_dump() for n, d in defaults.items() if isinstance(d, Parameters)}


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    tree = {**below, **above}
    for name in below.keys() & above.keys():
        if isinstance(below[name], dict) and isinstance(above[name], dict):
            tree[name] = _merge(below[name], above[name])
    return tree


# --- measures -----------------------------------------------------------------------------------


def _fill_empty(value: Any) -> Any:
    # "member_contact:" with nothing behind it means the measure with its defaults.
    if isinstance(value, dict):
        return {label: {} if settings is None else settings for label, settings in value.items()}
    return value


@cache
def installed_measures() -> tuple[str, ...]:
    """Let installed packages register their measures (entry points ``xiaoqu.measures``).

    Returns:
        Names of the entry points.

    Raises:
        InputError: If one of them cannot be loaded.
    """
    found = entry_points(group="xiaoqu.measures")
    for point in found:
        try:
            point.load()
        except Exception as error:
            problem = f"cannot be loaded: {type(error).__name__}: {error}"
            raise InputError(f"measures of {point.name}", problem) from error
    return tuple(point.name for point in found)


def _typed_entries(where: str, measures: dict[str, dict[str, Any]]) -> tuple[Entry, ...]:
    entries = [_typed_entry(f"{where}.{key}", key, given) for key, given in measures.items()]
    order = {measure: i for i, measure in enumerate(CATALOGUE.values())}

    def place(entry: Entry) -> tuple[bool, int, str, str]:
        # Those of others by name: files of measures may be given in any order.
        foreign = not entry.measure.__module__.startswith("sim.")
        return foreign, 0 if foreign else order[entry.measure], entry.measure.name, entry.label

    return tuple(sorted(entries, key=place))


def _typed_entry(where: str, label: str, given: dict[str, Any]) -> Entry:
    settings = dict(given)
    name = settings.pop("measure", label)
    if not isinstance(name, str) or name not in CATALOGUE:
        raise unknown_name(where, f"no measure is named {show(name)}", str(name), list(CATALOGUE))
    measure = CATALOGUE[name]
    group = measure.Parameters
    try:
        return Entry(label, measure, group.model_validate(_complete(group, settings)))
    except ValidationError as error:
        raise input_error(error, group, where) from None


def _plain(entries: list[Entry]) -> dict[str, Any]:
    return {
        entry.label: {"measure": entry.measure.name, **entry.parameters.model_dump(mode="json")}
        for entry in entries
    }

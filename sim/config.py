"""What may be configured, and how a configuration is put together and checked.

Hydra chooses and merges the files (``configs/`` and ``scenarios/``), the settings a person gave are
laid on top in their order, and the result is checked by the parameter classes that stand beside
the rules. Later wins: defaults, scenario, chosen group files, single settings.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal, NamedTuple

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator
from yaml import YAMLError

from sim.agents.cell import CellParameters
from sim.agents.committee import CommitteeParameters
from sim.agents.community import CommunityParameters
from sim.agents.developer import DeveloperParameters
from sim.agents.firm import FirmParameters
from sim.errors import InputError
from sim.explain import input_error, shorten, show, unknown_name
from sim.measures.catalogue import CATALOGUE, Measure, MeasureParameters
from sim.mechanisms.commons import CommonsParameters
from sim.mechanisms.conflict import ConflictParameters
from sim.mechanisms.fees import FeeParameters
from sim.mechanisms.issues import IssueParameters
from sim.mechanisms.participation import ParticipationParameters
from sim.mechanisms.perception import PerceptionParameters
from sim.mechanisms.service import ServiceParameters
from sim.mechanisms.turnover import TurnoverParameters
from sim.schema import Parameters, param
from sim.society.district import KIND_GROUPS, DistrictParameters
from sim.society.population import PopulationParameters
from sim.society.ties import NetworkParameters

Choice = str | list[str] | None
Setting = tuple[str, Any]

# Only a plain reference such as ${months} is let through: resolvers read the machine.
_FORBIDDEN_INTERPOLATION = re.compile(r"\$\{(?!\s*[A-Za-z_][\w.\[\]]*\s*\})")
_PACKAGE_HEADER = re.compile(r"^#\s*@package\s+(\S+)", re.MULTILINE)
_LOCK = threading.Lock()


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
    reported: float | None = param(None, "Figure as reported, null if only a range is", zh="报道值")
    label: str = param("", "What the figure says, for a table", zh="名称")
    source: str = param("", "File name of the source", zh="出处")
    fitted: bool = param(False, "Whether parameters were fitted to this figure", zh="是否用于校准")
    note: str = param("", "Caveat", zh="说明")

    @model_validator(mode="after")
    def _ordered(self) -> Target:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


class Scenario(Parameters):
    """A case: who it is, what happened before month 0, what was reported after."""

    name: str = param("default", "Short name, as in scenario=NAME", zh="代号")
    title: str = param("A compound with default parameters", "Title in English", zh="英文标题")
    title_zh: str = param("默认小区", "Title in Chinese", zh="中文标题")
    summary: str = param("", "The case in a few sentences", zh="概要")
    history_months: int = param(
        0, "Months lived before month 0, so that the start state is reached and not painted on",
        unit="month", low=0, high=240, zh="历史月数",
    )  # fmt: skip
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


class Policy(Parameters):
    """What is done from month 1 on: measures, each under a label."""

    name: str = param("none", "Short name, as in policy=NAME", zh="代号")
    title: str = param("", "Title in English", zh="英文标题")
    title_zh: str = param("", "Title in Chinese", zh="中文标题")
    summary: str = param("", "The policy in a few sentences", zh="概要")
    measures: dict[str, dict[str, Any]] = param(
        {},
        "Measures: label and {measure, start, end, ramp, coverage, dose, ...}; "
        "the label is the measure's name unless measure is given",
        zh="措施",
    )
    _entries: tuple[Entry, ...] = PrivateAttr(default=())

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


class Executor(Parameters):
    """Where runs are computed; never changes a result."""

    workers: int = param(0, "Processes, 0 for one per core", low=0, high=4096, zh="进程数")
    threads: int = param(1, "Threads inside one run", low=1, high=1024, zh="线程数")


class Config(Parameters):
    """Everything that decides a run."""

    seed: int = param(1, "Seed of the first replication", low=0, high=2**32 - 1, zh="随机种子")
    months: int = param(
        60, "Months simulated after month 0", unit="month", low=1, high=600, zh="模拟月数"
    )
    replications: int = param(
        30, "Runs that differ only by seed", low=1, high=1_000_000, zh="重复次数"
    )
    scenario: Scenario = Field(default_factory=Scenario)
    policy: Policy = Field(default_factory=Policy)
    mechanisms: Mechanisms = Field(default_factory=Mechanisms)
    district: DistrictParameters = Field(default_factory=DistrictParameters)
    population: PopulationParameters = Field(default_factory=PopulationParameters)
    network: NetworkParameters = Field(default_factory=NetworkParameters)
    turnover: TurnoverParameters = Field(default_factory=TurnoverParameters)
    issues: IssueParameters = Field(default_factory=IssueParameters)
    service: ServiceParameters = Field(default_factory=ServiceParameters)
    perception: PerceptionParameters = Field(default_factory=PerceptionParameters)
    participation: ParticipationParameters = Field(default_factory=ParticipationParameters)
    fees: FeeParameters = Field(default_factory=FeeParameters)
    commons: CommonsParameters = Field(default_factory=CommonsParameters)
    conflict: ConflictParameters = Field(default_factory=ConflictParameters)
    firm: FirmParameters = Field(default_factory=FirmParameters)
    committee: CommitteeParameters = Field(default_factory=CommitteeParameters)
    cell: CellParameters = Field(default_factory=CellParameters)
    community: CommunityParameters = Field(default_factory=CommunityParameters)
    developer: DeveloperParameters = Field(default_factory=DeveloperParameters)
    executor: Executor = Field(default_factory=Executor)

    _kinds: dict[str, dict[str, Parameters]] = PrivateAttr(default_factory=dict)

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

    def resolved(self) -> dict[str, Any]:
        """Every value in force, the measures' own defaults too, as plain JSON types."""
        tree = self.model_dump(mode="json")
        tree["policy"]["measures"] = _plain(self.policy.entries())
        tree["scenario"]["history"] = _plain(self.scenario.entries())
        return tree

    def fingerprint(self) -> str:
        """Short hash of all that can change a result: neither titles nor where it is computed."""
        tree = self.resolved()
        del tree["executor"], tree["scenario"]["evidence"]
        for group in ("scenario", "policy"):
            for text in ("title", "title_zh", "summary"):
                del tree[group][text]
        text = json.dumps(tree, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _differing(base: Parameters, kind: Parameters, name: str, group: str) -> Parameters:
    given = getattr(kind, group)
    if not given:
        return base
    try:
        return type(base).model_validate(_merge(base.model_dump(), given))
    except ValidationError as error:
        where = f"district.kinds.{name}.{group}"
        raise input_error(error, type(base), where) from None


# --- how it is put together ---------------------------------------------------------------------


def load(
    scenario: str | None = None,
    *overrides: str,
    policy: str | list[str] | dict[str, Any] | None = None,
    config_dir: Path | None = None,
    **keys: Any,
) -> Config:
    """Load a configuration from Python.

    Args:
        scenario: Name of a scenario; none gives a compound with default parameters.
        *overrides: Settings as on the command line, such as ``"fees.norm_conditional=5"``.
        policy: Name of a policy or measure, or several to be put together, or a dict
            ``{"measures": {...}}``.
        config_dir: Folder with configuration groups of your own.
        **keys: Settings as keywords; a dict or a double underscore goes a level down:
            ``months=24``, ``fees={"norm_conditional": 5}``, ``fees__norm_conditional=5``.

    Returns:
        The checked configuration.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    given: list[Setting] = [] if scenario is None else [("scenario", scenario)]
    given += [] if policy is None else [("policy", policy)]
    given += [(key.replace("__", "."), value) for key, value in keys.items()]
    return _load(given + [parse(text) for text in overrides], config_dir)


def load_overrides(overrides: list[str], config_dir: Path | None = None) -> Config:
    """Load a configuration from the words of a command line.

    Args:
        overrides: ``group=name`` and ``key=value`` in Hydra's grammar, no "+" needed; ``~key``
            takes a key out, such as one measure of a bundle.
        config_dir: Folder with configuration groups of the user's own.

    Returns:
        The checked configuration.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    return _load([parse(text) for text in overrides], config_dir)


def parse(text: str) -> Setting:
    """Split one override into key and value; ``~key`` gives ("~key", None).

    Raises:
        InputError: If it is not written as ``key=value`` or asks for a sweep.
    """
    try:
        override = OverridesParser.create().parse_override(_quoted(text))
        if not override.key_or_group:
            raise ValueError(text)
    except (HydraException, ValueError, RecursionError, AttributeError):
        key = text.partition("=")[0].strip() or repr(text)
        raise InputError(
            shorten(key),
            f"{shorten(text)!r} cannot be read",
            "key=value; quote other text as in key='a, b'",
        ) from None
    key = override.key_or_group.replace("/", ".")
    if override.is_sweep_override():
        raise InputError(
            key, f"{shorten(text)!r} names several values", "one value, or a list as [a,b]"
        )
    return ("~" + key, None) if override.is_delete() else (key, override.value())


def folder(name: Literal["configs", "scenarios"]) -> Path:
    """Folder that comes with xiaoqu: the installed one, else the checkout's."""
    here = Path(__file__).resolve().parent
    installed = here / f"_{name}"
    return installed if installed.is_dir() else here.parent / name


def choices(group: str, config_dir: Path | None = None) -> list[str]:
    """Names that ``group=NAME`` takes, in alphabetical order; empty if it is no group."""
    if group == "scenario":
        return sorted(_scenario_files(config_dir))
    roots = [folder("configs"), *([config_dir] if config_dir else [])]
    names = {path.stem for root in roots for path in (root / group).glob("*.yaml")}
    if group == "policy":
        installed_measures()
        names |= {name for name, measure in CATALOGUE.items() if measure.kind == "measure"}
    return sorted(names)


def check(tree: dict[str, Any]) -> Config:
    """Check a plain tree of settings, such as one from ``Config.resolved()``.

    Raises:
        InputError: For the first value that is not allowed.
    """
    try:
        return Config.model_validate(_complete(Config, tree))
    except ValidationError as error:
        raise input_error(error, Config) from None


def _complete(group: type[Parameters], given: dict[str, Any]) -> dict[str, Any]:
    """Lay settings over the defaults of nested groups.

    Pydantic alone would fill a half-given group from its class, not from the default that its
    owner states: one rate given would set all other rates to zero.
    """
    tree = dict(given)
    for name, field in group.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, Parameters) and isinstance(tree.get(name), dict):
            tree[name] = _merge(default.model_dump(), tree[name])
    return tree


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    tree = {**below, **above}
    for name in below.keys() & above.keys():
        if isinstance(below[name], dict) and isinstance(above[name], dict):
            tree[name] = _merge(below[name], above[name])
    return tree


def _load(given: list[Setting], config_dir: Path | None) -> Config:
    installed_measures()
    if config_dir is not None:
        config_dir = _checked_folder(config_dir)
    chosen: dict[str, Choice] = {}
    settings: list[Setting] = []
    for key, value in given:
        names = choices(key, config_dir) if key.isidentifier() else []
        if names and not isinstance(value, dict):
            chosen[key] = _checked_choice(key, value, names)
        else:
            settings.append((key, value))
    tree = _compose(chosen, config_dir)
    for key, value in settings:
        _set(tree, key, value)
    return check(_resolve(tree))


def _checked_choice(group: str, value: Any, names: list[str]) -> Choice:
    if value is None:
        return None
    for name in value if isinstance(value, list) else [value]:
        if name not in names:
            raise unknown_name(group, f"no {group} is named {show(name)}", str(name), names)
    if isinstance(value, list) and (group != "policy" or len(set(value)) < max(len(value), 1)):
        allowed = "one name" if group != "policy" else "a list of different names"
        raise InputError(group, f"{show(value)} cannot be chosen together", allowed)
    return value if isinstance(value, (str, list)) else str(value)


def _compose(chosen: dict[str, Choice], config_dir: Path | None) -> DictConfig:
    words = [f"{group}={_quote(value)}" for group, value in chosen.items()]
    if config_dir is not None:
        words.append(f"hydra.searchpath=[{_quote(f'file://{config_dir}')}]")
    with _LOCK, _hydra_of_our_own():
        _register(chosen, config_dir)
        try:
            with hydra.initialize_config_dir(str(folder("configs")), "xiaoqu", "1.3"):
                tree = hydra.compose("config", overrides=words)
        except (HydraException, OmegaConfBaseException, YAMLError) as error:
            raise InputError("configuration", str(error)) from None
    OmegaConf.set_struct(tree, False)
    for group in ("scenario", "policy"):
        # A file that does not say its name goes by that of the file.
        if isinstance(chosen.get(group), str) and not OmegaConf.select(tree, f"{group}.name"):
            OmegaConf.update(tree, f"{group}.name", chosen[group], force_add=True)
    names = chosen.get("policy")
    if isinstance(names, list):
        # The files' own names and titles speak of one part each.
        parts = {"name": "+".join(names), "title": "", "title_zh": "", "summary": ""}
        OmegaConf.update(tree, "policy", parts)
    return tree


@contextmanager
def _hydra_of_our_own() -> Iterator[None]:
    """Leave Hydra's global state as it was found: a caller may be a Hydra application itself."""
    store, before = ConfigStore.instance(), GlobalHydra.instance().hydra
    repository = store.repo
    store.repo = {k: v for k, v in repository.items() if k not in ("scenario", "policy")}
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        store.repo = repository
        GlobalHydra.instance().hydra = before


def _register(chosen: dict[str, Choice], config_dir: Path | None) -> None:
    """Give Hydra what is chosen but is no file of its group: scenarios, and measures alone."""
    store = ConfigStore.instance()
    if scenario := chosen.get("scenario"):
        tree = _read_yaml(_scenario_files(config_dir)[str(scenario)])
        store.store(group="scenario", name=str(scenario), node=tree, package="_global_")
    names = chosen.get("policy") or []
    files = [folder("configs"), *([config_dir] if config_dir else [])]
    for name in [names] if isinstance(names, str) else names:
        if not any((root / "policy" / f"{name}.yaml").exists() for root in files):
            store.store(group="policy", name=name, node={"name": name, "measures": {name: {}}})


def _scenario_files(config_dir: Path | None) -> dict[str, Path]:
    roots = [folder("scenarios"), *([config_dir / "scenarios"] if config_dir else [])]
    return {path.stem: path for root in roots for path in sorted(root.glob("*.yaml"))}


def _read_yaml(path: Path) -> DictConfig:
    try:
        tree = OmegaConf.load(path)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path.name}:{mark.line + 1}:{mark.column + 1}" if mark else path.name
        problem = getattr(error, "problem", None) or str(error)
        raise InputError(place, problem, "YAML with each key once") from None
    except (OSError, UnicodeDecodeError, OmegaConfBaseException) as error:
        raise InputError(path.name, str(error), "a YAML file in UTF-8") from None
    if not isinstance(tree, DictConfig):
        raise InputError(path.name, "holds no key: value pairs", "a YAML mapping")
    return tree


def _checked_folder(config_dir: Path) -> Path:
    """Read a user's folder first: Hydra's own settings could run code, so none is let in."""
    config_dir = Path(config_dir).expanduser().resolve()
    if not config_dir.is_dir():
        raise InputError("--config-dir", f"{config_dir} is no folder", "an existing folder")
    for path in sorted(config_dir.rglob("*.yaml")):
        tree = OmegaConf.to_container(_read_yaml(path), resolve=False)
        assert isinstance(tree, dict)
        _refuse_resolvers(tree, path.name)
        header = _PACKAGE_HEADER.search(path.read_text(encoding="utf-8"))
        package = header.group(1) if header else ""
        if "hydra" in package or "hydra" in tree or "hydra" in str(tree.get("defaults", "")):
            raise InputError(path.name, "sets Hydra's own keys", "keys of xiaoqu only")
    return config_dir


def _set(tree: DictConfig, key: str, value: Any) -> None:
    try:
        if key.startswith("~"):
            parent, _, name = key[1:].rpartition(".")
            node = OmegaConf.select(tree, parent) if parent else tree
            if not isinstance(node, DictConfig) or name not in node:
                raise InputError(key, "there is no such key to take out")
            node.pop(name)
        else:
            OmegaConf.update(tree, key, value, merge=True, force_add=True)
    except (OmegaConfBaseException, AttributeError, TypeError, ValueError, IndexError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(key, f"cannot be set to {show(value)}", "a key of the schema") from None


def _resolve(tree: DictConfig) -> dict[str, Any]:
    raw = OmegaConf.to_container(tree, resolve=False)
    _refuse_resolvers(raw, "")
    try:
        resolved = OmegaConf.to_container(tree, resolve=True, throw_on_missing=True)
    except (OmegaConfBaseException, RecursionError) as error:
        key = getattr(error, "full_key", None) or "configuration"
        raise InputError(str(key), str(error).splitlines()[0]) from None
    assert isinstance(resolved, dict)
    return {str(key): value for key, value in resolved.items()}


def _refuse_resolvers(node: Any, where: str) -> None:
    if isinstance(node, dict):
        for key, value in node.items():
            _refuse_resolvers(value, f"{where}.{key}" if where else str(key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            _refuse_resolvers(value, f"{where}.{i}")
    elif isinstance(node, str) and _FORBIDDEN_INTERPOLATION.search(node):
        raise InputError(where, f"{show(node)} asks for a resolver", "a plain ${key}")


def _quoted(text: str) -> str:
    """Put quotes around a bare word that Hydra's grammar does not know, such as one in Chinese."""
    key, equals, value = text.partition("=")
    if equals and re.fullmatch(r"[\w.\-]+", value) and not value.isascii():
        return f"{key}='{value}'"
    return text


def _quote(value: Choice) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return "[" + ",".join(_quote(item) for item in value) + "]"
    return "'" + value.replace("'", "\\'") + "'"


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
    return tuple(sorted(entries, key=lambda entry: (order[entry.measure], entry.label)))


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

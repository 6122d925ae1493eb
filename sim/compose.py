"""How a configuration is put together.

Hydra chooses and merges the files (``configs/`` and ``scenarios/``), the settings a person gave are
laid on top in their order, and the result is checked by the schema in ``sim.config``. Later wins:
defaults, scenario, chosen group files, single settings. A file in a folder of the user's own stands in
place of ours of the same name, whole, whatever its group.
"""

from __future__ import annotations

import io
import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import hydra
import mesa  # noqa: F401 - here already, for while it is imported it looks at all files that are being imported
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser import overrides_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.overrides_visitor import HydraOverrideVisitor
from hydra.core.override_parser.types import (
    ChoiceSweep,
    Glob,
    IntervalSweep,
    Override,
    Quote,
    QuotedString,
    RangeSweep,
)
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import MappingNode, Node, SafeLoader, SequenceNode, YAMLError
from yaml import compose as compose_yaml

from sim import ensemble, library, source
from sim.config import GROUPS, Config, check, installed_measures, refuse_held, sets_of, texts_of
from sim.errors import InputError
from sim.explain import shorten, show, unknown_name
from sim.files import refuse_misread, refuse_twice
from sim.inputs import look_at, say
from sim.measures.catalogue import CATALOGUE
from sim.objects import COMPOUND, MOST_PARTS, plain
from sim.society.reading import some

Choice = str | list[str] | None
Setting = tuple[str, Any]

# Only a plain reference such as ${months} is let through: resolvers read the machine.
_FORBIDDEN_INTERPOLATION = re.compile(r"\$\{(?!\s*[A-Za-z_][\w.\[\]]*\s*\})")
# What may stand in a list of defaults: names of groups and files inside the folder, no way out of it.
_NAME = r"[^\s/\\@:$?~.](?:[^/\\@:$?~.]|\.(?!\.))*"
_DEFAULT = re.compile(rf"(?:(?:optional|override) )*/?{_NAME}(?:/{_NAME})*(?:@\w+(?:\.\w+)*)?")
# Names of files that Hydra would resolve, take for left out, or look for without their ending.
_NO_CHOICE = re.compile(r"[$\\\0-\x1f\ud800-\udfff]|^\?{3}\.|^\.yaml|\.yaml\.yaml$")
_REFERENCE = re.compile(r"\$\{\s*([\w.\[\]]+)\s*\}")
# Names of folders that are easily taken for those of groups.
_GROUPS = [group for group, field in Config.model_fields.items() if field.default_factory]
_MISNAMED = {f"{group}s": group for group in _GROUPS} | {
    "policies": "policy",
    "scenario": "scenarios",
}
del _MISNAMED["scenarios"]
_FIRST = "_xiaoqu"
_LOCK = threading.Lock()
_KEPT: dict[str, Any] = {}

LARGEST_YAML, MOST_NODES = 4 * 2**20, 200_000
"""Bytes of a configuration file, and values in it once its aliases are written out."""

CONFIG = "config.yaml"
"""File that the merging begins with: months, seed and replications, and a list of all groups."""

CASE = "case"
"""``case=NAME`` is short for the scenario and the policy of that case of the library."""

COMPOUND_PAST: dict[str, Any] = {"scenario.history_months": 24, "scenario.first_month": 1}
"""How compounds were lived that one's own is looked up among, see ``sim.posterior.estates``.

``compound=FOLDER`` is short for this, the kind, and the sets of what ``xiaoqu compound`` kept there.
"""

FILES = ("household_file", "file", "draws_file")
"""Last parts of keys that name a file to be read."""

PATHS = (*FILES, "posterior", COMPOUND)
"""Last parts of keys and words whose value is a file's name."""

QUOTED = """ "key='a, b'" """.strip()
"""A word with anything in its value, as bash, PowerShell and cmd.exe all take it."""

MOST_KEPT = 256
"""Choices of files whose merging is kept: Hydra takes a third of a second for one."""

MOST_LEVELS = 1_000_000
"""Most values that one key may take in a sweep."""


@dataclass(frozen=True)
class Levels:
    """Several values that a key takes in turn."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Interval:
    """Bounds between which a key is sampled, both included."""

    low: float
    high: float


def load(
    scenario: str | Config | None = None,
    *overrides: str,
    policy: str | list[str] | dict[str, Any] | None = None,
    config_dir: Path | None = None,
    **keys: Any,
) -> Config:
    """Load a configuration from Python.

    Args:
        scenario: Name of a scenario, or a configuration that is taken over; none gives a compound with
            default parameters.
        *overrides: Settings as on the command line, such as ``"fees.norm_conditional=5"``.
        policy: Name of a policy or measure, or several to be put together, or a dict
            ``{"measures": {...}}``.
        config_dir: Folder with configuration groups of your own.
        **keys: Settings as keywords; a dict or a double underscore goes a level down:
            ``months=24``, ``fees={"norm_conditional": 5}``, ``fees__norm_conditional=5``. Numbers of NumPy
            and paths are taken, a frame as ``population={"household_file": frame}``, a graph of
            networkx as ``network=graph``: both are written below ``results/inputs``.

    Returns:
        The checked configuration.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    given: list[Setting] = [] if scenario is None else [("scenario", scenario)]
    given += [] if policy is None else [("policy", policy)]
    given += [(key.replace("__", "."), value) for key, value in keys.items()]
    return load_settings(given + [parse(text) for text in overrides], config_dir, look=True)[0]


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
    return load_settings([parse(text) for text in overrides], config_dir, look=True)[0]


def parse(text: str) -> Setting:
    """Split one override into key and value; ``~key`` gives ("~key", None).

    Raises:
        InputError: If it is not written as ``key=value`` or asks for a sweep.
    """
    key, value = parse_sweep(text)
    if isinstance(value, Levels | Interval):
        raise InputError(
            key, f"{shorten(text)!r} names several values", "one value, or a list as [a,b]"
        )
    return key, value


def parse_sweep(text: str, config_dir: Path | None = None) -> Setting:
    """Split one override that may name several values, in Hydra's sweep grammar.

    Args:
        text: ``key=value``, ``key=a,b``, ``key=range(0,10,2)``, ``key=choice(a,b)``,
            ``key=interval(0,1)`` or ``group=glob(*)``.
        config_dir: Folder with groups of the user's own, whose names a glob finds.

    Returns:
        The key, and a value, ``Levels`` or an ``Interval``.

    Raises:
        InputError: If it is not written so.
    """
    if path := _named_file(text):
        return path
    try:
        override = _override(text)
        if not override.key_or_group:
            raise ValueError(text)
    except InputError:
        raise
    except (HydraException, ValueError, RecursionError, AttributeError):
        key, _, said = text.partition("=")
        if key.strip().rpartition(".")[2] in PATHS and said.strip():
            # Whoever reads it says that there is no such file.
            return full_key(key.strip()), said.strip()
        key = key.strip() or repr(text)
        raise InputError(
            shorten(key),
            f"{shorten(text)!r} cannot be read",
            f"key=value; other text in two pairs of quotes: {QUOTED}",
        ) from None
    if override.package is not None:
        raise InputError(shorten(text), f"'@{shorten(override.package)}' is not taken", "key=value")
    key = full_key(_respelt(override.key_or_group).replace("/", "."))
    if override.is_delete():
        return "~" + key, None
    value: Any = _respelt(override.value())
    if isinstance(value, IntervalSweep):
        return key, Interval(float(value.start or 0.0), float(value.end or 0.0))
    if isinstance(value, RangeSweep):
        return key, Levels(tuple(_numbers(key, value)))
    if isinstance(value, Glob):
        return key, Levels(tuple(value.filter(choices(key, config_dir))))
    if isinstance(value, ChoiceSweep):
        return key, Levels(tuple(map(_respelt, override.sweep_iterator(_unquoted))))
    return key, value


class _EachKeyOnce(HydraOverrideVisitor):
    """Hydra's reader of a word, which takes the last of two values under one key and says nothing."""

    def visitDictContainer(self, ctx: Any) -> Any:
        pairs, where = ctx.dictKeyValuePair(), _respelt(ctx.getText())
        refuse_twice((where, _respelt(self.visitDictKey(pair.dictKey()))) for pair in pairs)
        return super().visitDictContainer(ctx)


overrides_parser.HydraOverrideVisitor = _EachKeyOnce  # type: ignore[attr-defined]


def _override(text: str) -> Override:
    """A word as Hydra reads it, whose grammar has no letters but those of ASCII: others are spelt in them.

    Raises:
        HydraException: It cannot be read; or one of its own other errors.
    """
    try:
        return OverridesParser.create().parse_override(text)
    except InputError:
        raise
    except (HydraException, ValueError, AttributeError):
        if text.isascii():
            raise
    spelt = re.sub(r"[^\x00-\x7f]", lambda found: f"xZ{ord(found[0]):x}Zx", text)
    return OverridesParser.create().parse_override(spelt)


def _respelt(value: Any) -> Any:
    """The same with the letters that ``_override`` spelt."""
    if isinstance(value, str):
        return re.sub(r"xZ([0-9a-f]+)Zx", lambda found: chr(int(found[1], 16)), value)
    if isinstance(value, list):
        return [_respelt(one) for one in value]
    if isinstance(value, dict):
        return {_respelt(key): _respelt(one) for key, one in value.items()}
    return value


def _named_file(text: str) -> Setting | None:
    """A word that names a file that is there, whatever stands in its name; None if it is another word.

    A name with commas, brackets, spaces or quotes would else be several values, a list or no word at all.
    """
    key, equals, value = text.partition("=")
    key = full_key(key.strip().replace("/", ".")) if equals else ""
    if key.rpartition(".")[2] not in PATHS or not value.strip() or value.isidentifier():
        return None
    try:
        there = Path(value.strip()).is_file()
    except (OSError, ValueError):
        return None
    return (key, value.strip()) if there else None


def _literal(value: str) -> str:
    """A text in which ``${`` is meant as it stands."""
    return re.sub(r"(\\*)\$\{", lambda found: found[1] * 2 + r"\${", value)


def _numbers(key: str, sweep: RangeSweep) -> list[int] | list[float]:
    start, stop, step = (Decimal(repr(x)) for x in (sweep.start, sweep.stop, sweep.step))
    count = max(math.ceil((stop - start) / step), 0) if step else 0
    if not 0 < count <= MOST_LEVELS:
        raise InputError(key, f"the range holds {count} numbers", f"1 to {MOST_LEVELS}")
    whole = all(isinstance(x, int) for x in (sweep.start, sweep.stop, sweep.step))
    numbers = [start + i * step for i in range(count)]
    return [int(x) for x in numbers] if whole else [float(x) for x in numbers]


def _unquoted(value: Any) -> Any:
    return value.text if isinstance(value, QuotedString) else value


def full_key(key: str) -> str:
    """A key as the schema has it: ``measure.LABEL.KEY`` is short for the policy's.

    Raises:
        InputError: It goes deeper than any key does.
    """
    if key.count(".") >= MOST_PARTS:
        raise InputError(shorten(key), "goes too deep", f"a key of at most {MOST_PARTS} parts")
    if key.startswith("measure.") and key.count(".") > 1:
        return "policy.measures." + key.removeprefix("measure.")
    return key


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
    # A key that is looked for among the groups may be anything, also no name that a file can have.
    groups = [found for root in roots for found in root.glob("*") if found.name == group]
    names = {path.stem for found in groups for path in found.glob("*.yaml")}
    if group == "policy":
        installed_measures()
        names |= {name for name, measure in CATALOGUE.items() if measure.kind == "measure"}
    return sorted(names)


def load_settings(
    given: list[Setting], config_dir: Path | None = None, *, look: bool = False
) -> tuple[Config, frozenset[str]]:
    """Load a configuration from keys and values in their order.

    Args:
        given: Keys and values; later wins. A whole configuration may stand for the scenario: it wins over
            all before it.
        config_dir: Folder with configuration groups of the user's own.
        look: Whether it is to be lived: its files are then read once and said, see ``sim.inputs``.

    Returns:
        The checked configuration, and the keys to which others refer as in ``${months}``.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    installed_measures()
    if config_dir is not None:
        config_dir = checked_folder(config_dir)
    given = [(key, plain(key, value)) for key, value in given]
    whole = [place for place, (key, value) in enumerate(given) if _is_whole(key, value)]
    base: Config | None = given[whole[-1]][1] if whole else None
    given = given[whole[-1] + 1 :] if whole else given
    chosen: dict[str, Choice] = {} if base else _usual_choices(config_dir)
    settings: list[Setting] = []
    for key, value in _written_out(given):
        if is_choice(key, value, config_dir):
            chosen[key] = _checked_choice(key, value, _known(key, value, config_dir))
        else:
            settings.append((full_key(key), value))
    tree = _compose(chosen, config_dir) if base is None else _chosen_anew(base, chosen, config_dir)
    refuse_held(dict(settings) if base else {**dict(settings), **dict.fromkeys(tree)})
    for key, value in settings:
        named = _named_file(f"{key}={value}") if isinstance(value, str) else None
        _set(tree, key, _literal(value) if named else value)
    texts = texts_of(OmegaConf.to_container(tree, resolve=False))
    references = frozenset(name for text in texts for name in _REFERENCE.findall(text))
    resolved = _resolve(tree)
    if base is not None:
        _hold(resolved, settings)
    elif resolved.get("draws_file"):
        resolved["held"] = _beside_own(resolved, chosen, settings, config_dir)
    config = check(resolved)
    if look:
        if config_dir is not None:
            _say_own(config_dir)
        look_at(config)
    return config, references


def _is_whole(key: str, value: Any) -> bool:
    return key == "scenario" and isinstance(value, Config)


def _chosen_anew(base: Config, chosen: dict[str, Choice], config_dir: Path | None) -> DictConfig:
    """The tree of a configuration, with groups that are chosen in place of its own.

    Raises:
        InputError: Another scenario is chosen: it would set everything.
    """
    if "scenario" in chosen:
        raise InputError("scenario", "a configuration is given already", "one of the two")
    tree = OmegaConf.create(_literals(base.resolved()))
    composed = _compose(chosen, config_dir) if chosen else tree
    for group in chosen:
        OmegaConf.update(tree, group, composed[group], merge=False)
    # A file says anew what its group holds.
    named = base.sets.named_in({group: composed[group] for group in chosen})
    kept = {key for key in base.held if key.partition(".")[0] not in chosen}
    tree["held"] = sorted(kept | named)
    return tree


def _hold(tree: dict[str, Any], settings: list[Setting]) -> None:
    """Record what is set on a configuration that is given whole; what is taken out is drawn again."""
    held, sets = set(tree["held"]), sets_of(tree)
    for key, value in settings:
        held |= sets.set_by({key: value})
        held -= sets.set_by({key.removeprefix("~"): {}}) if key.startswith("~") else set()
    tree["held"] = sorted(held)


def _beside_own(
    tree: dict[str, Any],
    chosen: dict[str, Choice],
    settings: list[Setting],
    config_dir: Path | None,
) -> list[str]:
    """What is held beside sets of one's own: they know the compound better than the file of its kind does."""
    sets = sets_of(tree)
    groups = {k: v for k, v in chosen.items() if k not in ("scenario", "policy")}
    composed = _compose(groups, config_dir) if groups else {}
    held = sets.named_in({group: composed[group] for group in groups})
    return sorted(held | sets.set_by(dict(settings)))


def _literals(node: Any) -> Any:
    """A tree whose texts are meant as they stand."""
    if isinstance(node, dict):
        return {key: _literals(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_literals(value) for value in node]
    return _literal(node) if isinstance(node, str) else node


def _written_out(given: list[Setting]) -> Iterator[Setting]:
    """Settings with ``case=K053`` and ``compound=FOLDER`` written out."""
    for key, value in given:
        if key == CASE:
            case = library.case(value)
            case.lived()
            yield from (("scenario", case.id), ("policy", case.id))
        elif key == COMPOUND:
            if any(other in ("scenario", CASE) for other, _ in given):
                problem = "a scenario is given too, and the compound's kind is its scenario"
                raise InputError(COMPOUND, problem, "one of the two")
            kind, path = ensemble.compound(str(value))
            yield from (("scenario", kind), *COMPOUND_PAST.items(), ("draws_file", path))
        else:
            yield key, value


def _known(group: str, value: Any, config_dir: Path | None) -> list[str]:
    """Names that a group takes, and among them those of the library's cases that are asked for.

    Raises:
        InputError: A case of the library that is not there, or cannot be lived.
    """
    names = choices(group, config_dir)
    if group in ("scenario", "policy"):
        for name in value if isinstance(value, list) else [value]:
            if name not in names and library.NAME.fullmatch(str(name)):
                library.case(str(name)).lived()
                names.append(str(name))
    return names


def is_choice(key: str, value: Any, config_dir: Path | None = None) -> bool:
    """Whether ``key=value`` chooses a file of a group rather than setting a value."""
    return key.isidentifier() and not isinstance(value, dict) and bool(choices(key, config_dir))


def _checked_choice(group: str, value: Any, names: list[str]) -> Choice:
    if value is None:
        # Hydra takes no null for a group; every other group has none chosen by default.
        return "none" if group == "policy" else None
    for name in value if isinstance(value, list) else [value]:
        if name not in names:
            raise unknown_name(group, f"no {group} is named {show(name)}", str(name), names)
    if isinstance(value, list) and (group != "policy" or len(set(value)) < max(len(value), 1)):
        allowed = "one name" if group != "policy" else "a list of different names"
        raise InputError(group, f"{show(value)} cannot be chosen together", allowed)
    return value if isinstance(value, (str, list)) else str(value)


def _usual_choices(config_dir: Path | None) -> dict[str, Choice]:
    """What the list of defaults in a ``config.yaml`` of the user's own chooses.

    Raises:
        InputError: It is not that of ours with other choices, which every group hangs on.
    """
    if config_dir is None or not (config_dir / CONFIG).exists():
        return {}
    groups = [group for group, _ in _groups(_read_yaml(folder("configs") / CONFIG))]
    found = dict(_groups(_read_yaml(config_dir / CONFIG)))
    if list(found) != groups:
        lacking = [group for group in groups if group not in found]
        problem = f"lacks {', '.join(lacking)}" if lacking else "has other groups, or another order"
        allowed = "the list of xiaoqu's own config.yaml, whose choices may be others"
        raise InputError(f"{CONFIG}: defaults", problem, allowed)
    return {
        group: _checked_choice(group, choice, _known(group, choice, config_dir))
        for group, choice in found.items()
        if group != "_self_" and choice is not None
    }


def _groups(tree: DictConfig) -> Iterator[tuple[str, Any]]:
    for entry in OmegaConf.to_container(tree.get("defaults") or OmegaConf.create([])) or []:
        yield from entry.items() if isinstance(entry, dict) else [(str(entry), None)]


def _say_own(config_dir: Path) -> None:
    """Say which files of the user's own stand in place of ours, and differ from them."""
    ours = _ours()
    own = [
        place for path, place in sorted(ours.items(), key=lambda item: item[1])
        if (config_dir / place).is_file()
        and (config_dir / place).read_bytes() != path.read_bytes()
    ]  # fmt: skip
    measures = {path.stem for path in (config_dir / "policy").glob("*.yaml")} & CATALOGUE.keys()
    own += [f"policy/{name}.yaml" for name in sorted(measures)]
    if own:
        say(f"{config_dir}: {some(own, 'en')} in place of what xiaoqu has under that name")


def _ours() -> dict[Path, str]:
    """All files that come with xiaoqu, and where each would stand in a folder of the user's own."""
    ours = {path: _place(path, folder("configs")) for path in folder("configs").rglob("*.yaml")}
    return ours | {path: f"scenarios/{path.name}" for path in folder("scenarios").glob("*.yaml")}


def _place(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def search_path(config_dir: Path | None) -> tuple[str, list[str]]:
    """Where Hydra looks first, and the words that tell it where to look next.

    The first folder with a file of a name is the one that is read, and the one Hydra is started with
    comes before those of ``hydra.searchpath``: so the user's own goes there.
    """
    ours = str(folder("configs"))
    if config_dir is None:
        return ours, []
    return str(config_dir), [f"hydra.searchpath=[{_quote(f'file://{ours}')}]"]


def _compose(chosen: dict[str, Choice], config_dir: Path | None) -> DictConfig:
    """What the chosen files give together; that of our own files is kept as long as they stay as they are."""
    if config_dir is not None:
        with _LOCK:
            return _composed(chosen, config_dir)
    policy = chosen.get("policy") or []
    alone = [name in CATALOGUE for name in ([policy] if isinstance(policy, str) else policy)]
    # A file that is edited is read again.
    key = repr((list(chosen.items()), alone, source.stamps(_ours())))
    with _LOCK:
        if key not in _KEPT:
            if len(_KEPT) >= MOST_KEPT:
                _KEPT.clear()
            _KEPT[key] = OmegaConf.to_container(_composed(chosen, None), resolve=False)
        kept = _KEPT[key]
    tree = OmegaConf.create(kept)
    assert isinstance(tree, DictConfig)
    return tree


def _composed(chosen: dict[str, Choice], config_dir: Path | None) -> DictConfig:
    # Hydra takes no null for a group: it is taken out of the list of defaults.
    usual = _usual_choices(config_dir)
    words = [f"~{group}" for group, value in chosen.items() if value is None and group in usual]
    # A group of somebody's own stands in no list of defaults.
    words += [
        f"{'' if group in GROUPS else '+'}{group}={_quote(value)}"
        for group, value in chosen.items()
        if value is not None
    ]
    first, further = search_path(config_dir)
    with _hydra_of_our_own():
        _register(chosen, config_dir)
        try:
            with hydra.initialize_config_dir(first, "xiaoqu", "1.3"):
                tree = hydra.compose(_FIRST, overrides=[*words, *further])
        except (HydraException, OmegaConfBaseException, YAMLError, ValueError) as error:
            # The last: a header that Hydra, which reads a file's first 512 letters, finds cut in two.
            raise InputError("configuration", str(error)) from None
        except RecursionError:
            asked = ", ".join(f"{group}={name}" for group, name in chosen.items())
            raise InputError(asked, "its list of defaults leads back to itself") from None
    OmegaConf.set_struct(tree, False)
    for group in ("scenario", "policy", "experiment"):
        below = OmegaConf.select(tree, group, throw_on_resolution_failure=False)
        if not isinstance(below, DictConfig | None):
            raise InputError(group, f"{show(below)} is no group of keys", "key: value pairs")
        # A file that does not say its name goes by that of the file.
        named = below and (OmegaConf.is_interpolation(below, "name") or below.get("name"))
        if isinstance(chosen.get(group), str) and not named:
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
    # Hydra looks for the file it begins with in the first folder only.
    store.store(name=_FIRST, node={"defaults": [CONFIG.partition(".")[0], "_self_"]})
    if scenario := chosen.get("scenario"):
        tree = scenario_tree(str(scenario), config_dir)
        store.store(group="scenario", name=str(scenario), node=tree, package="_global_")
    names = chosen.get("policy") or []
    for name in [names] if isinstance(names, str) else names:
        if _file_of("policy", name, config_dir) is None:
            alone = {"name": name, "measures": {name: {}}}
            node = alone if name in CATALOGUE else library.case(name).bundle()
            store.store(group="policy", name=name, node=node)


def scenario_tree(name: str, config_dir: Path | None = None) -> DictConfig:
    """A scenario's file as it stands, or what stands for a case of the library.

    Raises:
        InputError: It cannot be read, or names a policy where the keys of one belong.
    """
    found = _scenario_files(config_dir)
    if name in found:
        tree = _read_yaml(found[name])
        if "policy" in tree and not isinstance(tree._get_node("policy"), DictConfig):
            # Hydra puts the policy chosen elsewhere in its place.
            allowed = "its usual one as scenario: {policy: NAME}"
            raise InputError(f"{found[name].name}: policy", "is no group of keys", allowed)
        return tree
    case = library.case(name)
    base = _read_yaml(found[case.lived().base])
    own = OmegaConf.create(case.tree(base.population))
    merged = OmegaConf.merge(base, own)
    assert isinstance(merged, DictConfig)
    return merged


def titles(group: str, name: str, config_dir: Path | None = None) -> tuple[str, str]:
    """What a scenario, policy or experiment is called in English and in Chinese, read from its own file alone.

    A measure that stands for a policy has the measure's; "" where a file says nothing.

    Raises:
        InputError: The file cannot be read.
    """
    path = _file_of(group, name, config_dir)
    if path is None:
        alone = CATALOGUE[name]
        return alone.en, alone.zh
    # As it is written: what a title refers to may stand in another file.
    tree = OmegaConf.to_container(_read_yaml(path))
    at = tree.get(group) if group == "scenario" and isinstance(tree, dict) else tree
    en, zh = (at.get(key) if isinstance(at, dict) else None for key in ("title", "title_zh"))
    return str(en or ""), str(zh or "")


def _file_of(group: str, name: str, config_dir: Path | None) -> Path | None:
    """The file that a name chooses, the user's own before ours; None for a measure or a case alone."""
    if group == "scenario":
        return _scenario_files(config_dir).get(name)
    roots = [*([config_dir] if config_dir else []), folder("configs")]
    return next(filter(Path.exists, (root / group / f"{name}.yaml" for root in roots)), None)


def _scenario_files(config_dir: Path | None) -> dict[str, Path]:
    roots = [folder("scenarios"), *([config_dir / "scenarios"] if config_dir else [])]
    return {path.stem: path for root in roots for path in sorted(root.glob("*.yaml"))}


def _read_yaml(path: Path) -> DictConfig:
    try:
        text = _read_text(path)
        _check_size(path, text)
        tree = OmegaConf.load(io.StringIO(text))
    except InputError:
        raise
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path.name}:{mark.line + 1}:{mark.column + 1}" if mark else path.name
        problem = getattr(error, "problem", None) or str(error)
        raise InputError(place, problem, "YAML with each key once") from None
    except UnicodeDecodeError:
        allowed = 'a YAML file in UTF-8; an editor\'s "save as" has it among its encodings'
        raise InputError(path.name, "is not UTF-8 (GBK or UTF-16, it seems)", allowed) from None
    except (OSError, OmegaConfBaseException, RecursionError) as error:
        raise InputError(path.name, str(error), "a YAML file in UTF-8") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # The library makes a value of each scalar and leaves it to Python to say what is none.
        problem = f"holds a value that is none of its kind ({type(error).__name__}: {error})"
        raise InputError(path.name, problem, "numbers, texts, true, false, null") from None
    if not isinstance(tree, DictConfig):
        raise InputError(path.name, "holds no key: value pairs", "a YAML mapping")
    _refuse_hydra(path.name, text, tree)
    return tree


def _read_text(path: Path) -> str:
    # A pipe would be waited for, and a device has no end.
    if path.exists() and not path.is_file():
        raise InputError(path.name, "is no ordinary file", "a YAML file")
    with path.open("rb") as file:
        data = file.read(LARGEST_YAML + 1)
    if len(data) > LARGEST_YAML:
        raise InputError(path.name, "is too large", f"at most {LARGEST_YAML} bytes")
    return data.decode("utf-8")


def _refuse_hydra(where: str, text: str, tree: DictConfig) -> None:
    """Hydra's own settings could run code, and its lists of defaults lead out of the folder."""
    defaults = tree._get_node("defaults")
    told = [*_headers(where, text), *([] if defaults is None else _defaults(where, defaults))]
    if "hydra" in tree or any("hydra" in one for one in told):
        raise InputError(where, "sets Hydra's own keys", "keys of xiaoqu only")


def _headers(where: str, text: str) -> Iterator[str]:
    """What the lines ``# @package NAME`` name, read as Hydra does: before all else, blanks or not."""
    for line in filter(None, map(str.strip, text.splitlines())):
        if not re.match(r"#\s*@", line):
            return
        words = [word for word in line.lstrip("#").strip().split(" ") if word]
        if len(words) != 2:
            raise InputError(where, f"{show(line)} cannot be read", "# @package NAME")
        yield words[1]


def _defaults(where: str, defaults: Any) -> Iterator[str]:
    """Every name in a list of defaults; refused is what Hydra cannot read or looks for elsewhere."""
    allowed = "a list of names, or of group: name, inside the folder"
    entries = OmegaConf.to_container(defaults) if isinstance(defaults, ListConfig) else None
    if not isinstance(entries, list):
        raise InputError(f"{where}: defaults", "is no list", allowed)
    for entry in entries:
        names = [entry]
        if isinstance(entry, dict) and len(entry) == 1:
            group, chosen = next(iter(entry.items()))
            names = [group, *(chosen if isinstance(chosen, list) else [chosen])]
            names = names[:1] if chosen is None else names
        for name in names:
            if not isinstance(name, str) or not _DEFAULT.fullmatch(name):
                raise InputError(f"{where}: defaults", f"{show(entry)} is not allowed", allowed)
            yield name


def _check_size(path: Path, text: str) -> None:
    """Refuse aliases of aliases that a few lines blow up to more than memory holds, and numbers that mislead."""
    sizes: dict[int, int] = {}

    def size(node: Node) -> int:
        if id(node) not in sizes:
            refuse_misread(node, path.name)
            sizes[id(node)] = MOST_NODES + 1  # until known: an alias to what holds it has no end
            parts = node.value if isinstance(node, SequenceNode) else []
            if isinstance(node, MappingNode):
                parts = [part for pair in node.value for part in pair]
            sizes[id(node)] = 1 + sum(size(part) for part in parts)
        return sizes[id(node)]

    root = compose_yaml(text, Loader=SafeLoader)
    if root is not None and size(root) > MOST_NODES:
        raise InputError(path.name, "its aliases (*name) hold too much", f"{MOST_NODES} values")


def _refuse_far_files(node: Any, where: str) -> None:
    """A file of settings may only name files below the folder that the command is run in."""
    if isinstance(node, list):
        for part in node:
            _refuse_far_files(part, where)
    elif isinstance(node, dict):
        for key, value in node.items():
            if str(key).rpartition(".")[2] in FILES:
                for path in value if isinstance(value, list) else [value]:
                    _refuse_far_file(path, f"{where}: {key}")
            _refuse_far_files(value, where)


def _refuse_far_file(path: Any, where: str) -> None:
    parts = re.split(r"[/\\]", path.strip()) if isinstance(path, str) and path else []
    # A colon: the drive of a Windows path, or a URL. A dollar: another key could lead there.
    if parts and (not parts[0] or ".." in parts or re.search(r"^~|[:$]", str(path))):
        allowed = "a path downwards; any other only on the command line or from Python"
        raise InputError(where, f"{show(path)} leads elsewhere", allowed)


def checked_folder(config_dir: Path) -> Path:
    """Read a user's folder before Hydra does: whatever could run code or read elsewhere is refused.

    Returns:
        The folder's own path, links followed.

    Raises:
        InputError: There is no such folder, or something in it is not let in.
    """
    try:
        config_dir = Path(config_dir).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError("--config-dir", str(error), "an existing folder") from None
    if not config_dir.is_dir():
        raise InputError("--config-dir", f"{config_dir} is no folder", "an existing folder")
    if "${" in str(config_dir):
        raise InputError("--config-dir", f"{show(str(config_dir))} holds ${{", "a path without it")
    for path in sorted(config_dir.rglob("*")):
        _refuse_place(path, config_dir)
        if path.name.lower().endswith(".yaml"):
            tree = OmegaConf.to_container(_read_yaml(path), resolve=False)
            _refuse_resolvers(tree, path.name)
            _refuse_far_files(tree, path.name)
    return config_dir


def _refuse_place(path: Path, config_dir: Path) -> None:
    """Links are followed by Hydra wherever they lead, and a folder's name says what its files set."""
    where = str(path.relative_to(config_dir))
    try:
        inside = path.resolve().is_relative_to(config_dir)
    except (OSError, RuntimeError):  # a link to itself
        inside = False
    if not inside:
        raise InputError(where, "is a link out of the folder", "files in the folder itself")
    if path.name.lower().partition(".")[0] == "hydra":
        raise InputError(where, "sets Hydra's own keys", "keys of xiaoqu only")
    meant = _MISNAMED.get(path.parent.name) if path.parent.parent == config_dir else None
    if path.suffix.lower() in (".yaml", ".yml") and (meant or path.suffix != ".yaml"):
        allowed = f"{meant or path.parent.name}/{path.stem}.yaml"
        if meant or path.parent.name in (*_GROUPS, "scenarios"):
            raise InputError(where, "is not looked for under this name", allowed)
    if path.name.lower().endswith(".yaml") and _NO_CHOICE.search(path.name):
        raise InputError(ascii(where), "cannot be chosen by its name", "a name without $ and \\")


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
    except InputError:
        raise
    except (OmegaConfBaseException, AttributeError, TypeError, ValueError, IndexError,
            RecursionError):  # fmt: skip
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


def _quote(value: str | list[str]) -> str:
    if isinstance(value, list):
        return "[" + ",".join(_quote(item) for item in value) + "]"
    return QuotedString(value, Quote.single).with_quotes()

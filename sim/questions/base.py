"""One form for every question: a function whose keywords are its words.

A declared function takes what was given (``Given``) and its own words, checked, and returns a question
with a method ``answer``. From its keywords, their defaults and checks, and its docstring are made the
command with its help, and the Python function with signature and docstring.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_args, get_origin

from sim.errors import InputError
from sim.objects import COMPOUND, bare
from sim.questions.words import Called, Number, Option, Raw, Whole

if TYPE_CHECKING:
    from sim.compose import Interval, Setting
    from sim.config import Config

QUESTIONS: dict[str, Spec] = {}
"""Every question declared so far, by its name."""

GIVEN = {
    "scenario": "Name of a scenario, or a configuration as `load` gives it.",
    "*overrides": "Settings as on the command line.",
    "policies": "The policy: a name, a+b, or a dict with name and measures; policy= is the same.",
    "out": "Folder of all results, below which the answer is kept and found again; None keeps nothing.",
    "progress": "Show bars, and where the answer came from, on standard error.",
    "config_dir": "Folder with configuration groups of your own.",
    "force": "Begin anew even if the answer is there.",
    "model": "Class with the interface of `NeighborhoodModel` to live instead of it.",
    "**keys": "Settings as `load` takes them, such as months=24, fees__norm_conditional=5.",
}
"""Arguments that are the same for all questions, in their order; a question's own follow the policies."""

_TYPES = {
    "scenario": "str | Config | None", "*overrides": "str", "policies": "str | dict[str, Any] | None",
    "out": "str | Path | None", "progress": "bool", "config_dir": "Path | None", "force": "bool",
    "model": "Callable[..., Any] | None", "**keys": "Any",
}  # fmt: skip


@dataclass(frozen=True)
class Given:
    """What was given beside a question's own words.

    Attributes:
        settings: Keys of the configuration and their values, in their order; later wins.
        config_dir: Folder with configuration groups of the user's own.
    """

    settings: tuple[Setting, ...]
    config_dir: Path | None = None

    @property
    def keys(self) -> set[str]:
        """Keys that were set."""
        return {key for key, _ in self.settings}

    @property
    def intervals(self) -> dict[str, Interval]:
        """Keys that were given an interval instead of a value."""
        from sim.compose import Interval, full_key

        return {full_key(k): v for k, v in self.settings if isinstance(v, Interval)}

    @property
    def plain(self) -> Given:
        """The same without keys that were given an interval."""
        from sim.compose import Interval

        values = (one for one in self.settings if not isinstance(one[1], Interval))
        return Given(tuple(values), self.config_dir)

    def config(self, first: Sequence[Setting] = (), last: Sequence[Setting] = ()) -> Config:
        """The configuration of these settings, with others before and behind them.

        Raises:
            InputError: If anything named does not exist or a value is not allowed.
        """
        from sim.compose import load_settings

        return load_settings([*first, *self.settings, *last], self.config_dir, look=True)[0]

    def case(self, usual: Mapping[str, Any], *last: Setting) -> Config:
        """A scenario (Kangqiao unless another is given) under its own policy unless another is given.

        Args:
            usual: What holds where nothing is said.
            *last: What holds whatever is said.

        Raises:
            InputError: If anything named does not exist, a value is not allowed, or a seed too large.
        """
        from sim.compose import load_settings
        from sim.experiments.run import check_seeds

        keys = self.keys | {key for key, _ in last}
        names = ("scenario", COMPOUND)
        first: list[Setting] = [] if keys & set(names) else [("scenario", "kangqiao")]
        if "policy" not in keys:
            named = [*first, *(one for one in self.settings if one[0] in names)]
            config = load_settings(named, self.config_dir)[0]
            first.append(("policy", config.scenario.policy))
        config = self.config([*first, *usual.items()], last)
        check_seeds(config)
        return config


@dataclass(frozen=True)
class Word:
    """One word of a question.

    Attributes:
        default: What holds where nothing is said; None where that is for the question to say.
        kind: Its type, as it is declared.
        notes: What stands beside the type: a check, and whether it is an ``Option``, ``Called``, ``Raw``.
        doc: What it means.
    """

    default: Any
    kind: Any
    notes: tuple[Any, ...]
    doc: str

    @property
    def option(self) -> Option | None:
        """Set where it is an option of the command."""
        return next((note for note in self.notes if isinstance(note, Option)), None)

    @property
    def spoken(self) -> bool:
        """Whether the command takes it as ``key=value``."""
        return not any(isinstance(note, Option | Called) for note in self.notes)

    @property
    def bounds(self) -> str:
        """Between what it must lie, as a part of a sentence; nothing where that is not all."""
        return "".join(
            f", {note.low} to {note.high}"
            for note in self.notes
            if isinstance(note, Number | Whole)
        )

    def checked(self, name: str, value: Any) -> Any:
        """What is meant by a value; refused if it is not allowed."""
        value = bare(value)
        for check in self.notes:
            if callable(check) and (value is not None or self.default is not None):
                value = check(name, value)
        return value


class Said(NamedTuple):
    """How a question was asked.

    Attributes:
        name: Of the question.
        own: Its own words that were given.
        settings: Keys of the configuration, in their order.
        config_dir: Folder with configuration groups of the user's own.
    """

    name: str
    own: dict[str, Any]
    settings: tuple[Setting, ...]
    config_dir: Path | None = None


class Live(NamedTuple):
    """A question that a call answers.

    Attributes:
        what: The configuration or design that is lived.
        make: Answers it.
        tree: All that is set, for ``--cfg``.
        has_folder: Whether its answer is kept in a folder, into which more can be written.
    """

    what: Any
    make: Callable[..., Any]
    tree: Callable[[], dict[str, Any]] = dict
    has_folder: bool = True

    def answer(self, **how: Any) -> Any:
        """Answer it; what is given is handed on."""
        return self.make(**how)


@dataclass
class Spec:
    """What is declared of a question.

    Attributes:
        build: The declared function.
        examples: Words of command lines, without the program's and the command's name.
        keeps: Whether the answer is kept, and asked for with ``out``, ``progress`` and ``force``.
        model: Whether another class may be lived.
        own_folder: Whether configuration groups of one's own may be given.
        lang: What is told in two languages, "" for nothing.
        cfg: Whether the command can print the configuration and stop.
        levels: Whether a key may take several values.
        one_set: Whether it lives one parameter set, as it varies parameters itself.
        drawn_last: Whether numbers are printed before figures are drawn, and so do not name them.
    """

    build: Callable[..., Any]
    examples: tuple[str, ...]
    keeps: bool = True
    model: bool = False
    own_folder: bool = True
    lang: str = "table and figures"
    cfg: bool = False
    levels: bool = False
    one_set: bool = False
    drawn_last: bool = False

    @property
    def name(self) -> str:
        """Of command and function."""
        return self.build.__name__

    @cached_property
    def said(self) -> dict[str, str]:
        """What the docstring says: "" is all before its arguments, then each argument by its name."""
        told = inspect.getdoc(self.build)
        if told is None and sys.flags.optimize > 1:
            problem = "Python was told to drop the texts that help and words are made of"
            raise InputError("PYTHONOPTIMIZE, -OO", problem, "PYTHONOPTIMIZE=1 or -O, or unset")
        before, _, rest = (told or "").partition("\nArgs:\n")
        arguments = rest.partition("\nRaises:\n")[0].partition("\nReturns:\n")[0]
        found = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", arguments, re.MULTILINE)
        return {"": before.strip(), **{name: " ".join(text.split()) for name, text in found}}

    @cached_property
    def words(self) -> dict[str, Word]:
        """The question's own words."""
        found = {}
        for name, one in list(inspect.signature(self.build).parameters.items())[1:]:
            # One by one: the type that comes back is known to the type checker only.
            declared = eval(one.annotation, self.build.__globals__)
            noted = get_origin(declared) is Annotated
            kind, *notes = get_args(declared) if noted else (declared,)
            found[name] = Word(one.default, kind, tuple(notes), self.said[name])
        return found

    # --- asking -----------------------------------------------------------------------------------

    def ask(
        self, own: Mapping[str, Any], settings: Sequence[Setting], config_dir: Path | None = None
    ) -> Any:
        """Check own words, and put a question together.

        Raises:
            InputError: If anything named does not exist or a value is not allowed.
        """
        from sim.compose import CASE
        from sim.config import Config
        from sim.explain import unknown_name

        fields = list(Config.model_fields)
        for key, _ in settings:
            place = key.removeprefix("~").split(".")[0]
            if not self.levels and "." not in key and place not in (CASE, COMPOUND, *fields):
                raise unknown_name(key, "unknown key", place, [*self.spoken, *fields])
        if self.one_set:
            settings = [*settings, self._undoubted(dict(settings))]
        checked = {name: self.words[name].checked(name, value) for name, value in own.items()}
        built = self.build(Given(tuple(settings), config_dir), **checked)
        return self._remembering(built, Said(self.name, dict(own), tuple(settings), config_dir))

    def _remembering(self, built: Any, said: Said) -> Any:
        """The question, and in it how it was asked, so that its answer can tell."""
        asked = built.what if isinstance(built, Live) else built
        if hasattr(type(asked), "said"):
            # Questions are frozen, and this is no part of what is asked.
            object.__setattr__(asked, "said", said)
        return built

    def _undoubted(self, given: Mapping[str, Any]) -> Setting:
        """The setting under which one parameter set is lived.

        Raises:
            InputError: Another is asked for.
        """
        for key in (COMPOUND, "draws_file"):
            if key in given:
                raise InputError(
                    key, f"{self.name} lives one set of parameters", "run, compare, sweep"
                )
        if given.get("doubt", "off") not in ("off", False):
            raise InputError("doubt", f"{self.name} lives one set of parameters", "off")
        return "doubt", "off"

    def ask_words(
        self, overrides: Sequence[str], config_dir: Path | None = None, **options: Any
    ) -> Any:
        """Put a question together from the words of a command line, and its options.

        Raises:
            InputError: If anything named does not exist or a value is not allowed.
        """
        own, settings = self.split(overrides, config_dir)
        return self.ask(own | options, settings, config_dir)

    def split(
        self, overrides: Sequence[str], config_dir: Path | None = None
    ) -> tuple[dict[str, Any], list[Setting]]:
        """Tell a question's own words from settings of the configuration.

        Args:
            overrides: ``key=value`` in Hydra's grammar.
            config_dir: Folder with configuration groups of the user's own.

        Returns:
            Values by own word, and the settings in their order; a setting may be an ``Interval``,
            of a question that takes ``levels`` also ``Levels``.

        Raises:
            InputError: A word that cannot be read, or that names several values where one is taken.
        """
        from sim.compose import Levels, parse_sweep

        own: dict[str, Any] = {}
        settings: list[Setting] = []
        for text in overrides:
            key, _, said = text.partition("=")
            if key in self.spoken and Raw() in self.words[key].notes:
                if key in own:
                    raise InputError(key, "is given twice", self.words[key].doc)
                own[key] = said.strip("\"' ")
                continue
            key, value = parse_sweep(text, config_dir)
            if isinstance(value, Levels) and not self.levels:
                raise InputError(key, "several values are given", "one value, or a list as [a,b]")
            if key in self.spoken:
                own[key] = value
            else:
                settings.append((key, value))
        return own, settings

    def call(self, scenario: Any = None, /, *overrides: str, **keys: Any) -> Any:
        """Ask from Python, and answer; ``GIVEN`` says what is taken.

        Raises:
            InputError: If anything named does not exist or a value is not allowed.
        """
        how = {name: keys.pop(name) for name in self.ways if name in keys}
        if (out := how.get("out")) is not None:
            if not isinstance(out, str | os.PathLike):
                raise InputError("out", f"{out!r} is not allowed", "a folder, as text or a Path")
            how["out"] = Path(out)
        return self.ask_call(scenario, *overrides, **keys).answer(**how)

    def ask_call(self, scenario: Any = None, /, *overrides: str, **keys: Any) -> Any:
        """Put a question together from what a call from Python gives, see ``call``."""
        config_dir = keys.pop("config_dir", None) if self.own_folder else None
        usual = f'{self.name}("kangqiao", policies=...)'
        if isinstance(scenario, list | tuple | dict):
            raise InputError("scenario", f"is a {type(scenario).__name__}", usual)
        for text in overrides:
            if not isinstance(text, str):
                problem = f"{type(text).__name__} as argument without a name"
                allowed = f"{usual}, settings as text, and the rest by name, as out=FOLDER"
                raise InputError(self.name, problem, allowed)
        own, later = self.split(overrides, config_dir)
        first: list[Setting] = [] if scenario is None else [("scenario", scenario)]
        if "policies" not in self.words and keys.get("policies") is not None:
            first.append(("policy", _one_policy(self.name, keys["policies"])))
        if "policies" not in self.words:
            keys.pop("policies", None)
        named = {k.replace("__", "."): v for k, v in keys.items() if k not in self.words}
        if self.levels:
            from sim.experiments.design import read_factor

            factors = keys.pop("factors", None) or {}
            if not isinstance(factors, Mapping):
                problem = f"{type(factors).__name__} is not allowed"
                raise InputError("factors", problem, "values by key, as {'fees.trust': [1, 2]}")
            named |= factors
            first += [read_factor(key, value, config_dir) for key, value in named.items()]
        else:
            first += list(named.items())
        own = {key: value for key, value in keys.items() if key in self.words} | own
        return self.ask(own, [*first, *later], config_dir)

    # --- telling ----------------------------------------------------------------------------------

    @property
    def spoken(self) -> list[str]:
        """Words that the command takes as ``key=value``."""
        return [name for name, word in self.words.items() if word.spoken]

    @property
    def ways(self) -> list[str]:
        """Arguments that say how the answer is made."""
        kept = ["out", "progress", "force"] if self.keeps else []
        return [*kept, *(["model"] if self.model else [])]

    @property
    def summary(self) -> str:
        """The first line of what is said of it."""
        return self.said[""].partition("\n")[0]

    @property
    def help(self) -> str:
        """What ``xiaoqu NAME --help`` says."""
        notes = self.said[""].partition("\n")[2].strip()
        words = [
            f"{name} ({one.doc}{one.bounds}{_usual(one.default)})"
            for name, one in ((name, self.words[name]) for name in self.spoken)
        ]
        own = f"Besides keys of a configuration it takes: {', '.join(words)}." if words else ""
        examples = [f"xiaoqu {self.name} {example}".rstrip() for example in self.examples]
        told = (*examples, own, " ".join(notes.split()))
        parts = [part.replace("[", r"\[") for part in told if part]
        return "\n\n".join([self.summary, "[bold]Examples[/bold]", *parts])

    @property
    def signature(self) -> inspect.Signature:
        """What the Python function takes."""
        made: list[inspect.Parameter] = []
        kinds: Any = inspect.Parameter
        for name in self._arguments:
            word, stars = self.words.get(name), name.count("*")
            given: dict[str, Any] = {"annotation": word.kind if word else _TYPES[name]}
            if name == "scenario":
                kind, given["default"] = kinds.POSITIONAL_OR_KEYWORD, None
            elif stars:
                kind = (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)[stars - 1]
            else:
                usual = False if name in ("progress", "force") else None
                kind, given["default"] = kinds.KEYWORD_ONLY, word.default if word else usual
            made.append(kinds(name.lstrip("*"), kind, **given))
        return inspect.Signature(made)

    @property
    def docstring(self) -> str:
        """What ``help(NAME)`` says."""
        lines = [self.said[""], "", "Args:"]
        for name in self._arguments:
            lines.append(
                f"    {name}: {self.words[name].doc if name in self.words else GIVEN[name]}"
            )
        told = (inspect.getdoc(self.build) or "").partition("\nRaises:\n")[2].rstrip()
        refused = "    InputError: If anything named does not exist or a value is not allowed."
        return "\n".join([*lines, "", "Raises:", refused, *([told] if told else [])])

    @property
    def _arguments(self) -> list[str]:
        first, last = list(GIVEN)[:3], list(GIVEN)[3:]
        ways = {*self.ways, *(["config_dir"] if self.own_folder else []), "**keys"}
        own = [name for name in self.words if name != "policies"]
        return [*first, *own, *(name for name in last if name in ways)]


def question(*examples: str, **flags: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a question: the function takes ``Given`` and its own words, and returns a question.

    Args:
        *examples: Words of command lines that ask it.
        **flags: What is not as usual, see ``Spec``.
    """

    def declare(build: Callable[..., Any]) -> Callable[..., Any]:
        spec = Spec(build, examples, **flags)
        QUESTIONS[spec.name] = spec

        @wraps(build)
        def asked(scenario: Any = None, *overrides: str, **keys: Any) -> Any:
            return spec.call(scenario, *overrides, **keys)

        del asked.__wrapped__
        asked.__annotations__ = {}
        asked.__doc__ = spec.docstring
        asked.__signature__ = spec.signature  # type: ignore[attr-defined]
        return asked

    return declare


def _one_policy(name: str, given: Any) -> Any:
    """One policy among the policies given to a question of one."""
    items = given if isinstance(given, list | tuple) else [given]
    if len(items) != 1:
        allowed = f"one policy, as a+b for several measures together; {name} is of one"
        raise InputError("policies", f"{len(items)} are given", allowed)
    parts = items[0].split("+") if isinstance(items[0], str) else []
    return parts if len(parts) > 1 else items[0]


def _usual(default: Any) -> str:
    if default is None or default == "" or default == ():
        return ""
    told = default if isinstance(default, tuple | list) else (default,)
    return "; usually " + " ".join(
        f"{one:g}" if isinstance(one, float) else str(one) for one in told
    )

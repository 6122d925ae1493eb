"""An answer as text that asks it again: a command line, or a few lines of Python.

What ``run`` and ``compare`` lived stands in configurations, so their text is made from those, however they were put
together, on the desk too; it is read back before it is given, and must mean the same. Other questions keep the
words that they were asked with.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.types import Quote, QuotedString

from sim.compose import Interval, Levels, Setting, choices, load_settings, parse
from sim.config import Config
from sim.errors import InputError
from sim.measures.catalogue import CATALOGUE
from sim.questions.base import Said

if TYPE_CHECKING:
    from sim.experiments.answers import Answer

ELSEWHERE = ("executor", "experiment", "held")
"""What changes no number of an answer, and what is recorded and cannot be given."""

_NAMES = ("name", "title", "title_zh", "summary", "told")
"""Of a policy: what it is called."""


def as_command(answer: Answer) -> str:
    """The command line that asks an answer's question again, for a shell.

    A comparison that no command line can say, as where two policies have a measure with different settings,
    becomes a command for each policy: the same seeds, so the same numbers.

    Raises:
        InputError: It cannot be written as one: an own folder of files, or something only Python has.
    """
    question = getattr(answer, "question", None)
    configs = _configs(question)
    if configs is None or len(configs) == 1:
        return line(said_of(answer))
    try:
        return line(_checked(question, _as_names(question)))
    except InputError:
        return "\n".join(line(_run(config)) for config in configs.values())


def as_python(answer: Answer) -> str:
    """Lines of Python that ask an answer's question again.

    Raises:
        InputError: It cannot be written down.
    """
    said = said_of(answer)
    scenario = dict(said.settings).get("scenario")
    rest = [(key, value) for key, value in said.settings if key != "scenario"]
    given = [repr(scenario), *(repr(word(key, value)) for key, value in rest)]
    given += [f"{key}={value!r}" for key, value in said.own.items() if value is not None]
    given += [f"config_dir={str(said.config_dir)!r}"] if said.config_dir else []
    lines = "".join(f"    {one},\n" for one in given)
    return f"from xiaoqu import {said.name}\n\nanswer = {said.name}(\n{lines})\n"


def said_of(answer: Answer) -> Said:
    """How an answer's question can be asked again from Python.

    Raises:
        InputError: It cannot be written down.
    """
    config: Config | None = getattr(answer, "config", None)
    if config is not None:
        columns = getattr(answer, "panel_columns", ())
        return _run(config, {"panel": ",".join(columns)} if columns else {})
    asked = getattr(answer, "question", getattr(answer, "design", None))
    configs = _configs(asked)
    if configs is not None:
        (first, *others) = configs.values()
        return _checked(asked, _as_dicts(asked)) if others else _run(first)
    said: Said | None = getattr(asked, "said", None)
    if said is None:
        problem = "does not know the words it was asked with"
        raise InputError(type(answer).__name__, problem, "an answer that was asked here")
    return said


def line(said: Said) -> str:
    """A question as the line of a command.

    Raises:
        InputError: One of its words is only taken from Python.
    """
    from sim.questions import find

    known, words = find(said.name).words, [word(key, value) for key, value in said.settings]
    for key, value in said.own.items():
        option = known[key].option
        if value is None or value is False:
            continue
        if option:
            words += [option.flag] if value is True else [option.flag, str(value)]
        elif not known[key].spoken:
            raise InputError(key, "cannot be written on a command line", "from Python: as_python()")
        else:
            words.append(word(key, value))
    words += ["--config-dir", str(said.config_dir)] if said.config_dir else []
    return " ".join(["xiaoqu", said.name, *(_shell(one) for one in words)])


def _configs(question: Any) -> dict[Any, Config] | None:
    """Configurations of a comparison; None of any other question."""
    found = getattr(question, "configs", None)
    return found if isinstance(found, dict) else None


def _run(config: Config, own: dict[str, Any] | None = None) -> Said:
    return Said("run", own or {}, tuple(settings_of(config)))


# --- comparisons --------------------------------------------------------------------------------


def _as_names(question: Any) -> Said:
    """A comparison whose policies are names, and the settings that change them."""
    named: dict[str, str] = {}
    changes: dict[str, Any] = {}
    for (_, policy), config in question.configs.items():
        found = _policy_named(config)
        named[policy] = "+".join(found) if isinstance(found, list) else found
        changes |= dict(policy_changes(config))
    own: dict[str, Any] = {"policies": list(named.values())}
    if named[question.reference] != "none":
        own["reference"] = named[question.reference]
    return _said(question, own, list(changes.items()))


def _as_dicts(question: Any) -> Said:
    """A comparison whose policies are dicts, which only Python takes."""
    own: dict[str, Any] = {"policies": []}
    if question.reference != "none":
        own["reference"] = question.reference
    for policy in question.policies:
        measures = question.configs[question.scenarios[0], policy].policy.measures
        own["policies"].append({"name": policy, "measures": measures} if measures else policy)
    return _said(question, own, [])


def _said(question: Any, own: dict[str, Any], changes: list[Setting]) -> Said:
    first: list[Setting] = []
    if len(question.scenarios) > 1:
        own["scenarios"] = question.scenarios
    elif question.scenarios[0] in choices("scenario"):
        first.append(("scenario", question.scenarios[0]))
    config = next(iter(question.configs.values()))
    rest = [
        one for one in settings_of(config) if one[0].split(".")[0] not in ("scenario", "policy")
    ]
    if question.threshold != type(question).threshold:
        own["threshold"] = question.threshold
    return Said("compare", own, (*first, *rest, *changes))


def _checked(question: Any, said: Said) -> Said:
    """The same, if it asks for the very configurations.

    Raises:
        InputError: It does not.
    """
    from sim.questions import find

    again = find("compare").ask(dict(said.own), said.settings)
    pairs = zip(question.configs.values(), again.configs.values(), strict=False)
    same = len(question.configs) == len(again.configs)
    if not same or any(_told(one) != _told(other) for one, other in pairs):
        raise InputError("compare", "cannot be written so", "a command for each policy")
    return said


# --- configurations -----------------------------------------------------------------------------


def settings_of(config: Config) -> list[Setting]:
    """Settings that give a configuration, as few as are needed.

    Raises:
        InputError: None do, such as where the scenario is of a folder of somebody's own.
    """
    name = config.scenario.name
    first: list[Setting] = [("scenario", name)] if name in choices("scenario") else []
    settings = [*first, ("policy", _policy_named(config))]
    named = load_settings(settings)[0]
    settings += _differences("", _told(config), _told(named))
    # A drawn key that was set to what it is anyway is held all the same.
    given = {key for key, _ in settings}
    held = [key for key in config.held if key not in named.held and key not in given]
    settings += [(key, config.at(key)) for key in held]
    again = load_settings([parse(word(*one)) for one in settings])[0]
    if _told(again) != _told(config) or (config.doubted and again.held != config.held):
        problem = "cannot be written as settings"
        raise InputError(config.policy.name, problem, "xiaoqu rerun FOLDER lives it again")
    return settings


def policy_changes(config: Config) -> Iterator[Setting]:
    """Settings by which a policy differs from the one it is named by."""
    named = load_settings([("policy", _policy_named(config))])[0]
    yield from _differences("policy", _told(config)["policy"], _told(named)["policy"])


def _told(config: Config) -> dict[str, Any]:
    """All of a configuration that changes a number."""
    tree = {key: value for key, value in config.resolved().items() if key not in ELSEWHERE}
    policy = {key: value for key, value in tree["policy"].items() if key not in _NAMES}
    # That a measure is what its label says can be left out.
    policy["measures"] = {
        label: {key: v for key, v in given.items() if (key, v) != ("measure", label)}
        for label, given in policy["measures"].items()
    }
    return {**tree, "policy": policy}


def _policy_named(config: Config) -> str | list[str]:
    """The policy's own name if it is its very measures, else the names of its measures."""
    name, measures = config.policy.name, config.policy.measures
    if name in choices("policy"):
        found = load_settings([("policy", name)])[0].policy.measures
        if list(found) and set(found) <= set(measures):
            return name
    known = [
        label for label in measures
        if label in CATALOGUE and measures[label].get("measure", label) == label
    ]  # fmt: skip
    return known or "none"


def _differences(place: str, here: dict[str, Any], there: dict[str, Any]) -> Iterator[Setting]:
    for key, value in here.items():
        path = f"{place}.{key}" if place else key
        if isinstance(value, dict) and isinstance(there.get(key), dict) and there[key]:
            yield from _differences(path, value, there[key])
        elif key not in there or there[key] != value:
            yield path, value
    for key in there.keys() - here.keys():
        yield f"~{place}.{key}" if place else f"~{key}", None


def word(key: str, value: Any) -> str:
    """A setting in Hydra's grammar."""
    return key if key.startswith("~") else f"{key}={_literal(value)}"


def _literal(value: Any) -> str:
    if isinstance(value, Levels):
        return ",".join(_literal(one) for one in value.values)
    if isinstance(value, Interval):
        return f"interval({value.low!r},{value.high!r})"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_literal(one) for one in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if not isinstance(value, str):
        problem = f"a {type(value).__name__} cannot be written as a word"
        raise InputError("copy", problem, "numbers, texts, lists")
    return value if value.isidentifier() else QuotedString(value, Quote.single).with_quotes()


def _shell(word: str) -> str:
    """A word in quotes that bash, PowerShell and cmd.exe read alike, where they are needed."""
    if all(letter.isalnum() or letter in "._=-~/" for letter in word):
        return word
    return shlex.quote(word) if '"' in word or "$" in word or "`" in word else f'"{word}"'

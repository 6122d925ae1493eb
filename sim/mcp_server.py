"""The model for an assistant: ``xiaoqu mcp`` answers over stdio by the Model Context Protocol.

An assistant names scenarios, policies and numbers and gets counted numbers with their units back. It can
name no file, give no code and set no other key, nothing is written, and what may be asked at once is bounded.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, cast

import pandas as pd
from pydantic import ValidationError

from sim import __version__, library
from sim.as_text import clean
from sim.compose import choices, load
from sim.config import Config
from sim.errors import InputError
from sim.experiments import paired
from sim.experiments import run as runs_of
from sim.experiments.summary import unit_text
from sim.experiments.summary_table import MAIN
from sim.explain import unknown_name
from sim.outcomes import INDICATORS
from sim.questions import find

MOST_MONTHS, MOST_REPLICATIONS, MOST_POLICIES, MOST_SEED = 120, 100, 8, 1_000_000
MOST_WORK = 60_000_000
"""Most months of households that one question may live, history, runs and policies counted: some 15 s of a core."""

MOST_TEXT = 20_000
"""Characters of an explanation."""

DIGITS = 4
"""Digits of a number; more say nothing, as runs differ by more."""

CHANCE = (
    "Numbers are of a model most of whose parameters are assumed; use them to compare policies, not to "
    "forecast a place. Intervals hold chance and doubt about the drawn parameters, not about rules and measures."
)

Rows = list[dict[str, Any]]

_one_at_a_time = Lock()


def list_scenarios() -> Rows:
    """List the scenarios: places with their past. Each has a name, a title in English and one in Chinese."""
    return _names("scenarios")


def list_policies() -> Rows:
    """List the policies: bundles of measures, and single measures. Each has a name and two titles."""
    return _names("policies")


def list_measures() -> Rows:
    """List the measures that policies are made of. Each has a name and two titles."""
    return _names("measures")


def explain(name: str, lang: str = "en") -> str:
    """Explain something by its name: what it is, its parameters and units, its sources.

    Args:
        name: A scenario, policy, measure, event, indicator, group of parameters (fees), single parameter
            (fees.norm_conditional), theory of paying, causal arrow, or reported case (K053).
        lang: Language of cases, theories and arrows, en or zh.
    """
    from sim.cli import _text

    if lang not in ("en", "zh"):
        raise InputError("lang", f"{lang!r} is not allowed", "en, zh")
    text = _text(name, None, lang)
    return clean(text, MOST_TEXT, lines=True)


def run(
    scenario: str,
    policies: list[str],
    months: int = 24,
    replications: int = 10,
    seed: int = 1,
    indicators: list[str] | None = None,
) -> dict[str, Any]:
    """Live one scenario under some policies or measures together, and count what came of it.

    Args:
        scenario: Name of a scenario, or of a reported case that can be lived (K053).
        policies: Names of policies or measures in force together; ["none"] for none. At most 8.
        months: Months lived after month 0, in whose last day the policy is not yet in force; 1 to 120.
        replications: Runs that differ by chance and drawn parameters, 1 to 100. 30 or more for a number to be quoted.
        seed: Seed of the first run, 0 to 1,000,000; the same question has the same answer.
        indicators: Names of indicators; without them some main ones.

    Returns:
        ``results``: for each indicator and month its median over the runs and the 5% and 95% of runs, with
        the unit. ``reported`` figures of the scenario, where it has any, with the interval allowed.
    """
    _check_size(policies, months, replications, seed)
    shown = _indicators(indicators)
    _check_names("scenario", [scenario])
    _check_names("policy", policies)
    config = load(
        scenario, policy=policies if len(policies) > 1 else policies[0],
        months=months, replications=replications, seed=seed,
    )  # fmt: skip
    _check_work([config])
    with _one_at_a_time:
        study = runs_of.run(config)
    rows, targets = study.summary, study.summary[study.summary["target"] != ""]
    return {
        **_head(config, study.provenance, policies),
        "interval": "5% to 95% of runs",
        "results": [
            _indicator(row["indicator"])
            | {"month": int(row["month"]), "runs": int(row["runs"])}
            | _numbers(row, ("median", "low", "high"))
            for row in _of(rows, shown)
        ],
        "reported": [
            _indicator(row["indicator"])
            | {"month": int(row["month"]), "what": row["target"], "verdict": row["verdict"]}
            | _numbers(row, ("reported", "target_low", "target_high", "median"))
            | {"use": row["use"]}
            for row in targets.to_dict("records")
        ],
    }


def compare(
    scenario: str,
    policies: list[str],
    months: int = 24,
    replications: int = 10,
    seed: int = 1,
    reference: str = "none",
    indicators: list[str] | None = None,
) -> dict[str, Any]:
    """Compare policies in one scenario under the same chance: differences, hours, money, recovery.

    Args:
        scenario: Name of a scenario, or of a reported case that can be lived (K053).
        policies: Names of policies or measures, each held against the reference; several together as
            "member_contact+lead_by_paying". At most 8.
        months: Months lived after month 0; 1 to 120.
        replications: Pairs of runs, 2 to 100. 30 or more for a number to be quoted.
        seed: Seed of the first run, 0 to 1,000,000; the same question has the same answer.
        reference: Policy the others are held against.
        indicators: Names of indicators; without them some main ones.

    Returns:
        ``results``: for each policy, indicator and month the mean under the policy and under the reference,
        and the difference with its 95% interval. ``costs``: hours and yuan of all actors together from month
        1 on, mean of a run. ``recovery``: share of runs that collect 60% of fees three months in a row.
    """
    _check_size(policies, months, replications, seed, least=2)
    shown = _indicators(indicators)
    _check_names("scenario", [scenario])
    _check_names("policy", [part for name in [*policies, reference] for part in name.split("+")])
    question = find("compare").ask_call(
        scenario, policies=policies, reference=reference,
        months=months, replications=replications, seed=seed,
    )  # fmt: skip
    _check_work(list(question.configs.values()))
    with _one_at_a_time:
        made = question.answer()
    spent = made.costs[made.costs["actor"] == paired.ALL]
    return {
        **_head(next(iter(question.configs.values())), made.provenance, question.policies),
        "reference": reference,
        "interval": "95% of the mean difference of pairs",
        "results": [
            {"policy": row["policy"], **_indicator(row["indicator"])}
            | {"month": int(row["month"]), "pairs": int(row["pairs"])}
            | _numbers(row, ("value", "reference_value", "difference", "low", "high"))
            for row in _of(made.effects, shown)
        ],
        "costs": [
            {"policy": row["policy"], "runs": int(row["runs"])}
            | {name: _rounded(row[name]) for name in ("hours", "yuan", "extra_hours", "extra_yuan")}
            for row in spent.to_dict("records")
        ],
        "recovery": [
            {"policy": row["policy"], "runs": int(row["runs"]), "unit": "%"}
            | {n: _rounded(100 * row[n]) for n in ("recovered", "recovered_low", "recovered_high")}
            for row in made.recovery.to_dict("records")
        ],
    }


TOOLS = (list_scenarios, list_policies, list_measures, explain, run, compare)


def serve() -> None:
    """Answer an assistant on standard input and output until it goes.

    Raises:
        InputError: The package ``mcp`` is not there.
    """
    import anyio

    anyio.run(_serve, server())


async def _serve(made: Any) -> None:
    """Serve on standard input and output, and answer lines that are no message, which the library passes over."""
    import anyio
    from mcp.server.stdio import stdio_server
    from mcp.shared.message import SessionMessage
    from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError

    async def sift(lines: Any, messages: Any, out: Any) -> None:
        async with messages:
            async for line in lines:
                if not isinstance(line, Exception):
                    await messages.send(line)
                    continue
                is_json = (
                    isinstance(line, ValidationError) and line.errors()[0]["type"] != "json_invalid"
                )
                told = ErrorData(
                    code=INVALID_REQUEST if is_json else PARSE_ERROR,
                    message=f"{'no message' if is_json else 'no JSON'}; allowed: one of JSON-RPC 2.0 on each line",
                )
                await out.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=told)))

    low = made._lowlevel_server
    async with stdio_server() as (lines, out), anyio.create_task_group() as group:
        sender, messages = anyio.create_memory_object_stream[Any](0)
        group.start_soon(sift, lines, sender, out)
        await low.run(messages, out, low.create_initialization_options())


def server() -> Any:
    """The server with its tools, to be run on any transport.

    Raises:
        InputError: The package ``mcp`` is not there.
    """
    try:
        from mcp.server.mcpserver import MCPServer
    except ImportError:
        raise InputError("mcp", "mcp 2 is not installed", "pip install 'xiaoqu[mcp]'") from None
    return MCPServer(
        "xiaoqu",
        title="xiaoqu 小区",
        instructions="Simulation of how Chinese residential compounds (小区) are governed. List names first; "
        f"quote numbers with their unit, interval and number of runs. {CHANCE}",
        version=__version__,
        log_level="WARNING",
        tools=[_tool(cast(Callable[..., Any], tool)) for tool in TOOLS],
    )


def _tool(function: Callable[..., Any]) -> Any:
    """A tool whose refusals reach the assistant in our own line, those of its arguments too.

    An argument that is none (``month`` for ``months``) is refused, and so is true for 1: the library drops the
    one and reckons with the other, and the answer would be to another question.
    """
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.mcpserver.tools import Tool
    from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
    from mcp_types import ToolAnnotations
    from pydantic import ConfigDict

    class Raw(FuncMetadata):
        def validate_arguments(self, arguments_to_validate: dict[str, Any]) -> dict[str, Any]:
            return {"asked": arguments_to_validate}

    looks = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    tool = Tool.from_function(function, annotations=looks)
    known = tool.fn_metadata

    class Exact(known.arg_model):  # type: ignore[name-defined]
        model_config = ConfigDict(extra="forbid", strict=True)

    known.arg_model = Exact

    def told(asked: dict[str, Any]) -> Any:
        try:
            return function(**known.validate_arguments(asked))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or function.__name__
            names = ", ".join(Exact.model_fields) or "none"
            allowed = f"; allowed: {names}" if first["type"] == "extra_forbidden" else ""
            raise ToolError(f"{clean(place)[:80]}: {first['msg']}{allowed}") from None
        except (InputError, RuntimeError) as error:
            raise ToolError(" ".join(str(error).split())) from error

    tool.fn = told
    tool.parameters = {**tool.parameters, "additionalProperties": False}
    tool.fn_metadata = Raw(
        arg_model=Exact,
        output_schema=known.output_schema,
        output_model=known.output_model,
        wrap_output=known.wrap_output,
    )
    return tool


@functools.cache
def _names(kind: str) -> Rows:
    from sim.cli import Kind, _rows

    keys = ("name", "title", "title_zh")
    return [dict(zip(keys, map(clean, row), strict=True)) for row in _rows(Kind(kind), None)]


# --- what may be asked --------------------------------------------------------------------------


def _check_size(
    policies: Sequence[str], months: int, replications: int, seed: int, least: int = 1
) -> None:
    for key, value, low, high in (
        ("policies", len(policies), 1, MOST_POLICIES),
        ("months", months, 1, MOST_MONTHS),
        ("replications", replications, least, MOST_REPLICATIONS),
        ("seed", seed, 0, MOST_SEED),
    ):
        if not low <= value <= high:
            what = f"{value} names" if key == "policies" else value
            raise InputError(key, f"{what} is not allowed", f"{low} to {high:,}")


def _check_names(group: str, names: Iterable[str]) -> None:
    """Refuse what is no name, such as a path, before anything reads it."""
    known = choices(group)
    for name in names:
        if library.NAME.fullmatch(name):
            # A reported case is a scenario and a policy by its name, if it can be lived.
            library.case(name).lived()
        elif name not in known:
            raise unknown_name(group, f"no {group} is named {name!r}", name, known)


def _indicators(names: Sequence[str] | None) -> list[str]:
    for name in names or ():
        if name not in INDICATORS:
            problem = f"no indicator is named {name!r}"
            raise unknown_name("indicators", problem, name, list(INDICATORS))
    return list(dict.fromkeys(names or [name for name in MAIN if name in INDICATORS]))


def _check_work(configs: Sequence[Config]) -> None:
    work = sum(map(runs_of.household_months, configs))
    if work > MOST_WORK:
        problem = f"{work:,} months of households, history, runs and policies counted, are too many"
        raise InputError("replications", problem, f"{MOST_WORK:,}: fewer runs, months or policies")


# --- what is answered ---------------------------------------------------------------------------


def _head(config: Config, made: dict[str, Any], policies: Sequence[str]) -> dict[str, Any]:
    return {
        "scenario": config.scenario.name,
        "policies": list(policies),
        "months": config.months,
        "runs": config.replications,
        "made_by": {key: made[key] for key in ("software", "source", "fingerprint", "seeds")},
        "parameters": config.doubt_said(),
        "beware": CHANCE,
    }


def _of(frame: pd.DataFrame, shown: Sequence[str]) -> list[dict[Any, Any]]:
    return [row for row in frame.to_dict("records") if row["indicator"] in shown]


def _indicator(name: str) -> dict[str, Any]:
    of = INDICATORS[name]
    return {"indicator": name, "title": of.en, "title_zh": of.zh, "unit": unit_text(of)}


def _numbers(row: dict[Any, Any], names: Sequence[str]) -> dict[str, Any]:
    """Numbers in the unit that is told: shares in percent, and differences of them in points of it."""
    scale = 100 if INDICATORS[row["indicator"]].share else 1
    return {name: _rounded(scale * row[name]) for name in names}


def _rounded(value: float) -> float | None:
    """A number of few digits; None where there is none."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None

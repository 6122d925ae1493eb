"""An assistant asks over stdio: counted numbers come back, and nothing but names and numbers goes in."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sim import compare, load, mcp_server, run
from sim.errors import InputError

pytest.importorskip("mcp.server.mcpserver", reason="mcp 2 is not installed")
mcp = pytest.importorskip("mcp")

ROOT = Path(__file__).parents[1]
SMALL: dict[str, Any] = {"months": 2, "replications": 2}


def talk(place: Path, say: Callable[[Any], Awaitable[Any]]) -> Any:
    """Start the command as an assistant's program does, and talk to it with the package's own client."""

    async def session() -> Any:
        started = mcp.StdioServerParameters(
            command=sys.executable,
            args=["-m", "sim", "mcp"],
            cwd=str(place),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        async with mcp.Client(started) as client:
            return await say(client)

    return asyncio.run(session())


@pytest.mark.usefixtures("as_shipped")
def test_an_assistant_lists_explains_runs_and_compares(tmp_path: Path) -> None:
    """Catches a server that its client cannot talk to, a number that is not the command's, a file left behind."""

    async def say(client: Any) -> dict[str, Any]:
        call = client.call_tool
        asked = {"scenario": "ordinary_estate", **SMALL}
        return {
            "tools": (await client.list_tools()).tools,
            "scenarios": await call("list_scenarios", {}),
            "measures": await call("list_measures", {}),
            "explained": await call("explain", {"name": "fees.norm_conditional"}),
            "ran": await call("run", {**asked, "policies": ["member_contact", "lead_by_paying"]}),
            "compared": await call("compare", {**asked, "policies": ["member_contact"]}),
            "wrong": await call("run", {**asked, "policies": ["member_contacts"]}),
        }

    got = talk(tmp_path, say)
    assert [tool.name for tool in got["tools"]] == [tool.__name__ for tool in mcp_server.TOOLS]
    assert all(tool.description and tool.annotations.read_only_hint for tool in got["tools"])
    told = {key: answer.structured_content for key, answer in got.items() if key != "tools"}
    for kind, name in (
        ("scenarios", "kangqiao"),
        ("measures", "firm_tender"),
    ):
        assert name in [row["name"] for row in told[kind]["result"]]
    assert "logit" in told["explained"]["result"]

    study = run(load("ordinary_estate", policy=["member_contact", "lead_by_paying"], **SMALL))
    ours = study.summary.query("indicator == 'collection_rate' and month == 2").iloc[0]
    (theirs,) = (
        row for row in told["ran"]["results"]
        if (row["indicator"], row["month"]) == ("collection_rate", 2)
    )  # fmt: skip
    assert theirs["median"] == float(f"{100 * ours['median']:.4g}")
    assert (theirs["unit"], theirs["runs"], theirs["title_zh"]) == ("%", 2, "物业费收缴率")
    assert told["ran"]["made_by"]["fingerprint"] == study.config.fingerprint()

    made = compare("ordinary_estate", policies=["member_contact"], **SMALL)
    effect = made.effects.query("indicator == 'collection_rate'").iloc[0]
    (row,) = (r for r in told["compared"]["results"] if r["indicator"] == "collection_rate")
    assert row["difference"] == float(f"{100 * effect['difference']:.4g}")
    assert row["pairs"] == 2 and told["compared"]["reference"] == "none"
    hours = made.costs.query("actor == 'all' and policy == 'member_contact'").iloc[0]["hours"]
    assert told["compared"]["costs"][1]["hours"] == float(f"{hours:.4g}")

    assert got["wrong"].is_error
    line = got["wrong"].content[0].text
    assert "policy: no policy is named 'member_contacts'; did you mean member_contact?" in line
    assert "\n" not in line
    assert not list(tmp_path.iterdir())


def test_only_names_and_numbers_can_be_said() -> None:
    """Catches a tool that takes a file, code or a key of its own."""

    async def say() -> list[Any]:
        async with mcp.Client(mcp_server.server()) as client:
            return list((await client.list_tools()).tools)

    for tool in asyncio.run(say()):
        assert set(tool.input_schema.get("properties", {})) <= {
            "name", "lang", "scenario", "policies", "months", "replications", "seed", "reference",
            "indicators",
        }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["../none", "/etc/passwd", "mine.csv", "none,none", "", "[none]", "a=b"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    for asked in (mcp_server.run, mcp_server.compare):
        with pytest.raises(InputError, match="no policy is named"):
            asked("kangqiao", [name], **SMALL)
        with pytest.raises(InputError, match="no scenario is named"):
            asked(name, ["none"], **SMALL)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"months": 0}, "months: 0 is not allowed; allowed: 1 to 120"),
        ({"months": 121}, "months: 121 is not allowed"),
        ({"replications": 101}, "replications: 101 is not allowed; allowed: 1 to 100"),
        ({"seed": -1}, "seed: -1 is not allowed; allowed: 0 to 1,000,000"),
        ({"policies": []}, "policies: 0 names is not allowed; allowed: 1 to 8"),
        ({"policies": ["none"] * 9}, "policies: 9 names is not allowed"),
        ({"indicators": ["joy"]}, "indicators: no indicator is named 'joy'"),
        (
            {"scenario": "xingqu", "replications": 100, "months": 120},
            "are too many; allowed: 60,000,000",
        ),
        ({"scenario": "K001"}, "K001"),
    ],
)
def test_more_than_is_allowed_is_refused_before_anything_is_lived(keys: Any, said: str) -> None:
    asked = {"scenario": "kangqiao", "policies": ["none"], **SMALL, **keys}
    with pytest.raises(InputError, match=re.escape(said)):
        mcp_server.run(**asked)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"month": 12},
            "month: Extra inputs are not permitted; allowed: scenario, policies, months",
        ),
        ({"months": True}, "months: Input should be a valid integer"),
        ({"months": 2.5}, "months: Input should be a valid integer"),
        ({"policies": "none"}, "policies: Input should be a valid list"),
        ({"seed": "seven"}, "seed: Input should be a valid integer"),
    ],
)
def test_an_argument_that_is_none_is_refused_in_a_line(keys: Any, said: str) -> None:
    """Catches an answer to another question: what the library would drop, or make a number of."""

    async def say() -> Any:
        async with mcp.Client(mcp_server.server()) as client:
            asked = {"scenario": "ordinary_estate", "policies": ["none"], **SMALL, **keys}
            return await client.call_tool("run", asked)

    answer = asyncio.run(say())
    assert answer.is_error and said in answer.content[0].text
    assert "\n" not in answer.content[0].text


def test_a_line_that_is_no_message_is_answered(tmp_path: Path) -> None:
    """Catches an assistant that waits for the answer to what was cut, or was no message, without end."""
    lines = ["{broken", "[1, 2]", '{"jsonrpc": "2.0", "id": 3, "method": "ping"}']
    with subprocess.Popen(
        [sys.executable, "-m", "sim", "mcp"], cwd=tmp_path, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as server:  # fmt: skip
        assert server.stdin and server.stdout
        server.stdin.write("\n".join([*lines, ""]))
        server.stdin.flush()
        # Read before the end is said, which ends what is under way.
        told = [json.loads(server.stdout.readline()) for _ in lines]
        rest, said = server.communicate(timeout=60)
    assert (server.returncode, rest, said) == (0, "", "")
    refused = {one["error"]["code"]: one["id"] for one in told if one["id"] is None}
    assert refused == {-32700: None, -32600: None}
    assert 3 in [one["id"] for one in told]


def test_a_reported_case_can_be_asked() -> None:
    told = mcp_server.run("K053", ["K053"], 1, 1, indicators=["collection_rate"])
    assert {row["indicator"] for row in told["results"]} == {"collection_rate"}
    assert [row["month"] for row in told["results"]] == [0, 1]


def test_the_page_tells_the_limits() -> None:
    page = (ROOT / "docs" / "assistants.md").read_text(encoding="utf-8")
    for limit in ("MONTHS", "REPLICATIONS", "POLICIES", "SEED", "WORK", "TEXT"):
        assert f"{getattr(mcp_server, f'MOST_{limit}'):,}" in page, limit
    assert all(f"`{tool.__name__}" in page for tool in mcp_server.TOOLS)

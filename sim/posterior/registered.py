"""Predictions written down before an outcome is known, with their date and a hash, and held against what came."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sim import known
from sim.as_text import clean, points_text
from sim.config import Config
from sim.errors import InputError
from sim.experiments import store
from sim.experiments.run import run
from sim.files import read_json
from sim.outcomes import INDICATORS
from sim.phrases import phrases
from sim.posterior.scores import crps

LEVELS = np.arange(0.01, 1.0, 0.01)
"""Shares below the values that are written down: a hundred steps give the score to a tenth of a point."""

FORMAT = "xiaoqu prediction 1"
_DIGITS = 10


@dataclass(frozen=True)
class Registering:
    """A prediction to be written down.

    Attributes:
        config: What is foreseen.
        indicators: Of what.
        at: Months.
        path: File to be written; it must not be there yet.
    """

    has_folder: ClassVar[bool] = False

    config: Config
    indicators: tuple[str, ...]
    at: tuple[int, ...]
    path: Path

    def answer(self, out: Path | None = None, progress: bool = False, **how: Any) -> Registered:
        """Live it, and write it down.

        Raises:
            InputError: The file is there, or cannot be written.
            RuntimeError: Runs failed.
        """
        del out
        if self.path.exists():
            raise _there(self.path)
        if not self.path.parent.is_dir() or not os.access(self.path.parent, os.W_OK):
            problem = f"{self.path.parent} is no folder that can be written"
            raise InputError("--register", problem, "a new file in a folder that is there")
        study = run(self.config, progress=progress, **how)
        told = {
            "format": FORMAT, "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "of": study.made_of, "scenario": self.config.scenario.name, "policy": self.config.policy.name,
            "configuration": self.config.resolved(), "figures": list(self._figures(study.months)),
        }  # fmt: skip
        whole = {**told, "sha256": _digest(told)}
        _put(self.path, json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True))
        return Registered(self.path, whole)

    def _figures(self, months: pd.DataFrame) -> Any:
        for name in self.indicators:
            for month in self.at:
                rows = months[months["month"] == month]
                values = rows.groupby("run")[name].mean().to_numpy(dtype=float)
                at = np.round(known.quantiles(values, LEVELS.tolist()), _DIGITS)
                yield {
                    "indicator": name, "month": month, "runs": int(np.isfinite(values).sum()),
                    "start": _start(months, name),
                    "quantiles": [None if math.isnan(one) else float(one) for one in at],
                }  # fmt: skip


def _start(months: pd.DataFrame, name: str) -> float | None:
    rows = months[months["month"] == 0]
    value = float(known.mean(rows[name].to_numpy(dtype=float))) if len(rows) else math.nan
    return None if math.isnan(value) else round(value, _DIGITS)


def _there(path: Path) -> InputError:
    return InputError(
        "--register", f"{path} is there: a prediction is not written over", "another name"
    )


def _put(path: Path, text: str) -> None:
    """Write a new file whole or not at all, and never over what somebody else wrote meanwhile."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:
            # A disk without links: a name is taken as surely by making it.
            path.touch(exist_ok=False)
            part.replace(path)
    except FileExistsError:
        raise _there(path) from None
    except OSError as error:
        raise InputError("--register", f"{path}: {error.strerror}", "a new file") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _digest(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(store.as_json(dict(told)).encode()).hexdigest()


@dataclass(frozen=True)
class Registered:
    """A prediction as it is written down.

    Attributes:
        path: Its file.
        told: All it says.
    """

    WIDTH: ClassVar[int | None] = None

    path: Path
    told: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Its file: what a quiet command prints."""
        return self.path

    def show(self, console: Any, language: str = "en") -> None:
        """Print what is foreseen, and the hash to be handed to others."""
        words = _WORDS[language]
        for one in self.told["figures"]:
            told = {**one, **_ends(_quantiles(one))}
            console.print(_line(told, words["foreseen"], language), soft_wrap=True)
        console.print(
            words["kept"].format(path=self.path, sha256=self.told["sha256"]), soft_wrap=True
        )

    def written(self, language: str = "en") -> str:
        """When it was written, and its hash: whoever changes a file can make a new one, and not what was handed on."""
        words = _WORDS[language]["written"]
        return words.format(made=clean(str(self.told.get("made"))), sha256=self.told["sha256"])

    def keep_figures(
        self, language: str = "en", more: Sequence[str] = (), dpi: int = 300
    ) -> list[Path]:
        """None are drawn of a file that stands by itself."""
        return []


def read(path: Path) -> Registered:
    """A prediction from its file.

    Raises:
        InputError: No such file, no prediction, or one that was changed since it was made.
    """
    told = read_json(path, "a file of predict --register")
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise InputError(str(path), "is no prediction", "a file of predict --register")
    rest = {key: value for key, value in told.items() if key != "sha256"}
    if told.get("sha256") != _digest(rest):
        problem = "was changed since it was made: its hash is not that of what it says"
        raise InputError(str(path), problem, "the file as it was made")
    figures = told.get("figures")
    if not isinstance(figures, list) or not figures or not all(map(_is_figure, figures)):
        # Whoever can make a hash can make one of anything.
        raise InputError(str(path), "figures cannot be read", "the file as it was made")
    if strange := [one["indicator"] for one in figures if one["indicator"] not in INDICATORS]:
        raise InputError(
            str(path), f"no indicator is named {strange[0]!r}", "--plugin FILE that has it"
        )
    return Registered(path, told)


def _is_figure(one: Any) -> bool:
    """Whether this is a figure as ``Registering`` writes it."""
    if not isinstance(one, dict) or not isinstance(one.get("indicator"), str):
        return False
    of, at = INDICATORS.get(one["indicator"]), one.get("quantiles")
    if not isinstance(at, list) or len(at) != len(LEVELS):
        return False
    low, high = (of.low, of.high) if of else (-math.inf, math.inf)
    whole = all(type(one.get(key)) is int and abs(one[key]) < 2**53 for key in ("month", "runs"))
    values = [value for value in [*at, one.get("start")] if value is not None]
    sound = all(type(v) in (int, float) and low <= v <= high for v in values)
    rising = [value for value in at if value is not None]
    return whole and sound and "start" in one and rising == sorted(rising)


def verify(path: Path, came: Mapping[str, float]) -> pd.DataFrame:
    """Hold a prediction against what came.

    Args:
        path: Of ``predict --register``.
        came: Values by indicator and month, as in {"collection_rate@+24": 0.82}.

    Returns:
        A row a figure: ``figure``, ``indicator``, ``month``, ``runs``, ``came``, ``q10``, ``median``, ``q90``,
        ``inside`` (of the middle 80%), ``below`` (share of the foreseen below what came), ``crps``, and
        ``crps_unchanged``, of the start as foreseen.

    Raises:
        InputError: No prediction, one that was changed, or a figure that it does not foresee.
    """
    told = read(path).told
    foreseen = {f"{one['indicator']}@{one['month']:+d}": one for one in told["figures"]}
    if not came:
        raise InputError(
            "verify", "nothing came", f"one of {', '.join(foreseen)}, as {next(iter(foreseen))}=0.8"
        )
    rows = []
    for name, value in came.items():
        if name not in foreseen:
            raise InputError(name, "is not foreseen in this file", ", ".join(foreseen))
        of = INDICATORS.get(foreseen[name]["indicator"])
        if not math.isfinite(value) or (of is not None and not of.low <= value <= of.high):
            raise InputError(
                name,
                f"{value:g} is not allowed",
                f"{of.low:g} to {of.high:g}" if of else "a number",
            )
        one = foreseen[name]
        at = _quantiles(one)
        if np.isnan(at).all():
            raise InputError(name, "no run had a value", "another figure")
        start = one["start"]
        rows.append({
            "figure": name, **{key: one[key] for key in ("indicator", "month", "runs")},
            "came": value, **_ends(at),
            "inside": bool(at[9] <= value <= at[89]), "below": float((at < value).mean()),
            "crps": crps(at, value), "crps_unchanged": math.nan if start is None else abs(value - start),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _quantiles(one: Mapping[str, Any]) -> np.ndarray:
    return np.array([math.nan if q is None else q for q in one["quantiles"]])


def _ends(at: np.ndarray) -> dict[str, float]:
    """Middle 80% and median of what was written down, see ``LEVELS``."""
    return {"q10": at[9], "median": at[49], "q90": at[89]}


_WORDS = phrases("registered")


def _line(one: Mapping[Any, Any], words: str, language: str, **more: Any) -> str:
    """One figure as a line: its indicator, month, number of runs, ``q10``, ``median`` and ``q90``."""
    of = INDICATORS[one["indicator"]]
    text = _text(of.share)
    return words.format(
        title=of.zh if language == "zh" else of.en, month=one["month"], runs=one["runs"],
        low=text(one["q10"]), median=text(one["median"]), high=text(one["q90"]), **more,
    )  # fmt: skip


def _text(share: bool) -> Any:
    def text(value: float) -> str:
        if math.isnan(value):
            return "–"
        # Adding zero takes the sign off nothing.
        return f"{round(100 * value) + 0:d}%" if share else f"{value + 0.0:.3g}"

    return text


def lines(rows: pd.DataFrame, language: str) -> list[str]:
    """What came beside what was foreseen, a line a figure."""
    words = _WORDS[language]
    found = []
    for row in rows.to_dict("records"):
        share = INDICATORS[row["indicator"]].share
        text = _text(share)
        away, still = (
            words["points"].format(n=points_text(100 * row[name]))
            if share and not math.isnan(row[name])
            else text(row[name])
            for name in ("crps", "crps_unchanged")
        )
        more = {
            "came": text(row["came"]), "verdict": words["inside" if row["inside"] else "outside"],
            "crps": away, "unchanged": still,
        }  # fmt: skip
        found.append(_line(row, words["came"], language, **more))
    return found

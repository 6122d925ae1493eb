"""What is shown of a compound of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.experiments.doubt_text import key_text
from sim.experiments.tables import print_rows
from sim.outcomes import INDICATORS
from sim.phrases import phrases

if TYPE_CHECKING:
    from rich.console import Console

    from sim.posterior.own import Own

_WORDS = phrases("own_tables")


def print_own(answer: Own, console: Console, language: str = "en") -> None:
    """Print how well what is known can be reached, and what was learnt."""
    words = _WORDS[language]
    rows = answer.fit.to_dict("records")
    print_rows(console, words["head"], (cells(row, language) for row in rows))
    if not answer.fits:
        console.print(words["warning"], soft_wrap=True)
    else:
        # Where figures lie beyond the table, narrow intervals are those of a straight line drawn out of it.
        learnt = answer.parameters.sort_values("width").head(5)
        said = {"en": ", ", "zh": "，"}[language].join(
            f"{_called(name, language)} {width:.2f}"
            for name, width in learnt[["parameter", "width"]].to_numpy()
        )
        gap = "" if language == "zh" else " "
        console.print(f"{words['learnt']}{gap}{said}", soft_wrap=True)
    if answer.folder is not None:
        gap = "" if language == "zh" else " "
        console.print(f"{words['kept']}{gap}{answer.folder}", soft_wrap=True, highlight=False)


def _called(name: str, language: str) -> str:
    """A number that was learnt: a trait in words, a parameter by its key, in Chinese with its name before it."""
    traits: Mapping[str, str] = _WORDS[language]["traits"]
    return traits.get(name) or key_text(name, language)


def cells(row: Mapping[Any, Any], language: str) -> list[str]:
    """One figure: its name, what was given, what compounds like it have, and whether it cannot be reached."""
    words = _WORDS[language]
    name = str(row["figure"]).partition("@")[0]
    one = INDICATORS[name]
    share = one.share or name == "collection_all_money"

    def text(value: float) -> str:
        return f"{100 * value:.0f}%" if share else f"{value:.3g}"

    spread = f"{text(row['median'])} [{text(row['q05'])}, {text(row['q95'])}]"
    return [
        title(str(row["figure"]), language),
        text(row["given"]),
        spread,
        "" if row["can"] else str(words["no"]),
    ]


def title(figure: str, language: str) -> str:
    """What a figure is called, and when it is read."""
    words = _WORDS[language]
    name, _, month = figure.partition("@")
    one = INDICATORS[name]
    key = "year" if not month else "month" if int(month) else "now"
    when = str(words[key]).format(n=-int(month or 0))
    return f"{one.zh}（{when}）" if language == "zh" else f"{one.en} ({when})"

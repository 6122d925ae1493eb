"""How a district's compounds differ: collection over time and at three dates, one dot a compound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sim import known
from sim.figures import style
from sim.figures.axes import band, line, name_of
from sim.outcomes import INDICATORS
from sim.phrases import phrases

if TYPE_CHECKING:
    from sim.config import Config

WORDS = phrases("district_figure")


def compounds(
    months_frame: pd.DataFrame,
    config: Config,
    indicator: str = "collection_rate",
    language: str = "en",
) -> Figure:
    """Bands across compounds over the months, and all compounds in order at 0, +24 and the end.

    Args:
        months_frame: Frame of run, month, compound and indicators; all runs are pooled.
        config: Names the case.
        indicator: A share.
        language: "en" or "zh".

    Returns:
        The figure, two journal columns wide; compounds without a value, such as those where no fees
        are due, are left out of their month.
    """
    words, shown = WORDS[language], INDICATORS[indicator]
    table = months_frame.pivot(index="month", columns=["run", "compound"], values=indicator)
    months, last = table.index.to_numpy(), int(table.index.max())
    with style.journal_style(language):
        figure = style.new_figure(style.DOUBLE, 2.8)
        over, order = figure.subplots(1, 2, width_ratios=(3, 2), sharey=True)
        for low, high, label, depth in ((5, 95, "most", 0.2), (25, 75, "half", 0.35)):
            edges = known.quantiles(table.to_numpy(), [low / 100, high / 100], axis=1)
            band(over, months, *edges, alpha=depth, color=style.PALETTE[0], label=words[label])
        middle = known.median(table.to_numpy(), axis=1)
        line(over, months, middle, color=style.PALETTE[0], label=words["median"])
        over.axvline(0, color="0.4", ls="--", lw=0.8)
        over.set(xlabel=words["month"], ylabel=name_of(shown, language))
        over.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        shown_in = over.get_legend_handles_labels()
        figure.legend(*shown_in, loc="outside upper left", ncols=3, frameon=False)
        for k, month in enumerate(sorted({0, min(24, last), last} & set(months))):
            values = np.sort(table.loc[month].dropna().to_numpy())
            rank = 100 * (np.arange(len(values)) + 0.5) / len(values)
            label = words["at"].format(month=month)
            order.plot(
                rank, values, color=style.PALETTE[k + 1], marker="o", ms=2, lw=0.8, label=label
            )
        order.set(xlabel=words["rank"], xlim=(0, 100))
        order.legend(frameon=False, loc="lower right")
        if shown.share:
            over.yaxis.set_major_formatter(PercentFormatter(1.0))
            over.set_ylim(0, 1)
    return figure

"""The model in mesa's own viewer, with Chinese labels.

The viewer of mesa 3.3 stands on Solara, whose newer parts do not fit it, and which loads scripts from
the internet unless its assets are installed beside it at the very same version. With these pins it
renders without a network (tried with mesa 3.3.1, ipyvuetify 1.12.0, ipyvue 1.13.0):

    pip install . solara==1.58.2 solara-assets==1.58.2 'ipyvuetify<2' 'ipyvue<2' altair
    solara run notebooks/mesa_viewer.py
"""

from __future__ import annotations

import base64

import numpy as np
import solara
from matplotlib.figure import Figure
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter

from sim import NeighborhoodModel
from sim.figures.style import BLUE, GREEN, VERMILION, journal_style, new_figure
from sim.outcomes import INDICATORS
from sim.report.page import font_with

NAME, PLACE, POLICY, SEED = "小区治理 xiaoqu", "小区", "政策", "随机编号"
WORDS = NAME + PLACE + POLICY + SEED
SHOWN = {"collection_rate": BLUE, "satisfied_share": GREEN, "complaint_share": VERMILION}


class Viewed(NeighborhoodModel):
    """The model with its parameters by name: mesa's viewer takes ``**keys`` for one that is missing."""

    def __init__(
        self,
        scenario: str = "kangqiao",
        policy: str = "five_level_linkage",
        seed: int | None = None,
    ) -> None:
        super().__init__(scenario=scenario, policy=policy, seed=seed)
        while self.month < 0:
            self.step()


def lines(model: NeighborhoodModel) -> Figure:
    """Three indicators of the months lived so far."""
    with journal_style("zh"):
        figure = new_figure(5.2, 3.2)
        axes = figure.subplots()
        for name, colour in SHOWN.items():
            values = 100 * model.recorder.values[:, 0, list(INDICATORS).index(name)]
            axes.plot(model.recorder.months, values, color=colour, label=INDICATORS[name].zh)
        axes.set_ylim(0, 100)
        axes.set_xlabel("月份（0为政策开始前）")
        axes.set_ylabel("%")
        axes.set_title("小区治理指标")
        axes.legend()
    return figure


def homes(model: NeighborhoodModel) -> Figure:
    """Every household: who paid, and who is in complaint or conflict."""
    h = model.households
    place = np.zeros(len(h))
    for key in np.unique(h.building):
        rows = np.flatnonzero(h.building == key)
        for floor in np.unique(h.floor[rows]):
            here = rows[h.floor[rows] == floor]
            place[here] = key * 12 + np.arange(len(here))
    with journal_style("zh"):
        figure = new_figure(5.2, 2.4)
        axes = figure.subplots()
        colours = np.where(h.tenure == 2, "#dddddd", np.where(h.paid == 1, BLUE, "#F3D9A4"))
        axes.scatter(place, h.floor, c=colours, s=9, marker="s")
        angry = h.stage >= 2
        axes.scatter(place[angry], h.floor[angry], facecolors="none", edgecolors=VERMILION, s=14)
        axes.set_title("住户：蓝色已缴费，浅色未缴费，灰色空置，圆圈为投诉或信访")
        axes.set_xlabel("楼栋")
        axes.set_ylabel("楼层")
        axes.set_xticks([])
    return figure


@solara.component
def Letters(model: NeighborhoodModel) -> None:
    """The Chinese letters of the page itself, for machines without a Chinese font."""
    font = base64.b64encode(font_with("".join(sorted(set(WORDS))))).decode("ascii")
    solara.Style(
        f"@font-face {{font-family: Labels; src: url(data:font/woff;base64,{font})}}"
        "body :not(.v-icon):not(i) {font-family: Roboto, Labels, sans-serif !important}"
    )


@solara.component
def Lines(model: NeighborhoodModel) -> None:
    """The lines on the page; drawn anew after each step."""
    update_counter.get()
    solara.FigureMatplotlib(lines(model), format="svg")


@solara.component
def Homes(model: NeighborhoodModel) -> None:
    """The households on the page."""
    update_counter.get()
    solara.FigureMatplotlib(homes(model), format="svg")


def choice(label: str, value: str, values: list[str]) -> dict[str, object]:
    """A parameter that the viewer lets the user choose."""
    return {"type": "Select", "label": label, "value": value, "values": values}


page = SolaraViz(
    Viewed(seed=1),
    components=[(Lines, 0), (Homes, 0), (Letters, 0)],
    model_params={
        "scenario": choice(PLACE, "kangqiao", ["kangqiao", "ordinary_estate", "old_estate"]),
        "policy": choice(POLICY, "five_level_linkage", ["none", "five_level_linkage", "red_pilot"]),
        "seed": {"type": "SliderInt", "label": SEED, "value": 1, "min": 1, "max": 50, "step": 1},
    },
    name=NAME,
)
page  # solara shows what is called page

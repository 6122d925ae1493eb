"""A labelled slider as an element of the page; how it looks stands in ``range_slider.js``."""

from __future__ import annotations

from collections.abc import Callable

from nicegui.element import Element


class RangeSlider(Element, component="range_slider.js"):
    """A slider with its label before it and its value behind it.

    Args:
        label: What is set.
        value: Where it stands.
        low: Smallest value.
        high: Largest value.
        step: Between two values.
        moved: Called while it moves, with the value.
        settled: Called when it is let go.
        percent: Shown as percent.
        disabled: It only shows.
        marks: Texts shown instead of some values.
        name: Mark for tests.
    """

    def __init__(
        self,
        label: str,
        value: float,
        low: float,
        high: float,
        *,
        step: float,
        moved: Callable[[float], object],
        settled: Callable[[], None],
        percent: bool = False,
        disabled: bool = False,
        marks: dict[float, str] | None = None,
        name: str = "",
    ) -> None:
        super().__init__()
        shown = {str(place): text for place, text in (marks or {}).items()}
        for prop, given in (
            ("label", label), ("start", value), ("low", low), ("high", high), ("step", step),
            ("percent", percent), ("disabled", disabled), ("marks", shown), ("name", name),
        ):  # fmt: skip
            self._props[prop] = given

        def let_go(given: object) -> None:
            # Its last move may still be on the way.
            moved(_inside(given, low, high))
            settled()

        self.on(
            "moved", lambda event: moved(_inside(event.args, low, high)), throttle=0.06,
            leading_events=False,
        )  # fmt: skip
        self.on("settled", lambda event: let_go(event.args))

    def put(self, value: float) -> None:
        """Set it to where it may stand, when it was moved beyond."""
        self.run_method("put", value)


def _inside(given: object, low: float, high: float) -> float:
    # A browser could send anything.
    value = float(given) if isinstance(given, int | float) else low
    return min(max(value, low), high)

"""How numbers, months and names are written: one way in commands, figures, reports and on the desk."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sim.outcomes import Indicator
    from sim.schema import Described

LARGE = 9_995
"""Numbers from here on are shortened to thousands, millions or 万."""

MISSING = "–"
"""Where there is no number: it does not apply, or there was nothing to count."""

DIGITS = 4
"""Digits of a parameter that readers see; the configuration has all of them."""

FINEST = 9
"""Decimals beyond which a number is nothing but rounding."""

LONGEST_TITLE = 80
"""Letters of a title that are shown; a configuration keeps all of them."""

_BREAKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_YES = {"en": ("no", "yes"), "zh": ("否", "是")}
_MONTHS = {
    "en": ("{n} month{s} before the policy starts", "at the policy's start", "month {n}"),
    "zh": ("政策起点前{n}个月", "政策起点", "第{n}个月"),
}


class Titled(Protocol):
    """What has a short name and a title in each language."""

    @property
    def name(self) -> str:
        """Short name."""

    @property
    def title(self) -> str:
        """English title, or nothing."""

    @property
    def title_zh(self) -> str:
        """Chinese title, or nothing."""


def clean(text: str, longest: int = 0, *, lines: bool = False) -> str:
    """Somebody's text as it may go to a terminal, a page, a figure or a file.

    Left out is what steers instead of being read: control characters such as ESC, marks that turn the
    direction of writing or have no width, half letters, and code points that are no characters. None of
    these can stand in XML either. What is left is text: whoever sets it escapes it as his form asks.

    Args:
        text: Any text.
        longest: Letters from which it is cut, with an ellipsis; 0 for never.
        lines: Whether it may hold several lines; else they become one.
    """
    if not text.isprintable():
        text = "".join(_letter(letter, lines) for letter in text)
    if not lines:
        text = text.strip()
    return f"{text[: longest - 1].rstrip()}…" if 0 < longest < len(text) else text


def _letter(letter: str, lines: bool) -> str:
    if letter in _BREAKS:
        return letter if lines and letter in "\t\n" else " "
    # Those of Unicode that are for ever no characters, two at the end of each plane among them.
    never = "\ufdd0" <= letter <= "\ufdef" or ord(letter) & 0xFFFE == 0xFFFE
    return "" if never or unicodedata.category(letter) in ("Cc", "Cf", "Cs") else letter


def title_of(named: Titled, language: str = "en") -> str:
    """What people call a scenario or a policy: its title in their language, else its name; one short line."""
    title = named.title_zh if language == "zh" else named.title
    return clean(title, LONGEST_TITLE) or clean(named.name, LONGEST_TITLE) or MISSING


def number_text(value: float, language: str = "en") -> str:
    """A number short enough for a table: 1.2M or 120万."""
    if math.isnan(value):
        return MISSING
    size = abs(value)
    if size >= LARGE:
        scale, mark = (1e4, "万") if language == "zh" else (1e6, "M") if size >= 1e6 else (1e3, "k")
        short = value / scale
        return f"{short:,.0f}{mark}" if abs(short) >= 100 else f"{short:.3g}{mark}"
    if size >= 100 or not value:
        return f"{value:,.0f}"
    # Adding zero takes the sign off what is rounded to nothing.
    return f"{value:.1f}" if size >= 1 else f"{round(value, 2) + 0.0:.2f}"


def value_text(value: float, indicator: Indicator, language: str = "en") -> str:
    """A value as people write it: shares as whole percents, large numbers short."""
    return _percents(value) if indicator.share else number_text(value, language)


def percent_text(share: float) -> str:
    """A share, such as 0.66, as it stands in a sentence: 66%."""
    return MISSING if math.isnan(share) else f"{_percents(share)}%"


def _percents(share: float) -> str:
    percent = 100 * share
    if math.isnan(percent):
        return MISSING
    # As in numbers: what is rounded to nothing has no sign.
    return f"{round(percent, 1) + 0.0:.1f}" if 0 < abs(percent) < 9.95 else f"{percent:.0f}"


def points_text(points: float) -> str:
    """A size in percentage points, as sentences tell it."""
    return MISSING if math.isnan(points) else f"{round(points, 1) + 0.0:.1f}"


def signed(value: float, language: str = "en") -> str:
    """A difference with its sign; nothing is written as -0.0."""
    if math.isnan(value):
        return MISSING
    if abs(value) >= 1000:
        return ("+" if value > 0 else "") + number_text(value, language)
    return f"{round(value, 1) + 0.0:+.1f}"


def with_interval(value: float, low: float, high: float) -> str:
    """A difference with the ends of its interval, where there is one."""
    ends = "" if math.isnan(low) else f" [{signed(low)}, {signed(high)}]"
    return signed(value) + ends


def exact_text(value: float, digits: int = DIGITS) -> str:
    """A number given by somebody, not rounded to a table: 0.4953 for 0.49532000000000004."""
    if math.isnan(value):
        return MISSING
    import numpy as np  # the command, which cleans text, answers without it

    # What a sum of differences leaves behind of nothing is nothing.
    value = round(value, FINEST)
    text = np.format_float_positional(abs(value), digits, unique=False, fractional=False, trim="-")
    whole, point, rest = text.partition(".")
    return ("-" if value < 0 else "") + f"{int(whole):,}{point}{rest}"


def parameter_text(value: Any, row: Described, language: str = "en") -> str:
    """A parameter's value without its unit: shares in percent, as on the desk's sliders."""
    if isinstance(value, bool):
        return _YES[language][value]
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, float):
        return str(value)
    return f"{exact_text(100 * value)}%" if is_share(row) else exact_text(value)


def aside(text: str, language: str = "en") -> str:
    """A text in the brackets of a language, to stand behind another; nothing of nothing."""
    if not text:
        return ""
    return f"（{text}）" if language == "zh" else f" ({text})"


def is_share(row: Described) -> bool:
    """Whether a parameter is a share or a dose, shown as percent."""
    share = row.unit == "1" and row.low == 0 and row.high == 1
    return isinstance(row.default, float) and (share or row.key == "dose")


def month_text(month: int, language: str = "en") -> str:
    """A month in words: 0 is the start of the policy, and negative ones lie before it."""
    before, start, after = _MONTHS[language]
    if not month:
        return start
    text = before if month < 0 else after
    return text.format(n=abs(month), s="" if abs(month) == 1 else "s")

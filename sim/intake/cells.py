"""Values as people write them: numbers with units, percent, floors, days and months, ticks.

Nothing is guessed from a single cell: what could mean two things is no value, and refused by whoever
asked for one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pandas as pd

NOTHING = (
    "",
    "-",
    "--",
    "—",
    "——",
    "/",
    "\\",
    "无",
    "n/a",
    "na",
    "none",
    "null",
    "未填",
    "未知",
    "不详",
    "暂无",
    "#n/a",
    "?",
    "？",
)
"""What stands in cells where nothing is known."""

_CHINESE = "〇一二三四五六七八九"
_UNITS = re.compile(
    r"(?:人民币|rmb|cny|¥|\$)|(?:平方米|平米|㎡|m2|m²|sqm|平方|平)$|(?:万)?(?:元|块)?(?:/|每)?(?:㎡|m2|平方米|平米|平)?(?:[·*./每]?月)?$|(?:户|件|次|个|起|套|人|天|日|岁)$"
)
_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|[+-]?\.\d+")


def plain(text: str) -> str:
    """A label without what keyboards and programs add: full width, spaces, capitals."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()


def nothing(text: str) -> bool:
    """Whether a cell says that it says nothing."""
    return plain(text) in NOTHING


def chinese(text: str) -> int | None:
    """A number up to 99 as Chinese writes it: 十二, 二十, 三, 一〇."""
    if not re.fullmatch(f"[{_CHINESE}零两十]{{1,6}}", text):
        return None
    text = text.replace("零", "〇").replace("两", "二")
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return int("".join(str(_CHINESE.index(one)) for one in text))
    if len(tens) > 1 or len(ones) > 1 or "十" in tens:
        return None
    return 10 * _CHINESE.index(tens or "一") + _CHINESE.index(ones or "〇")


def number(text: str) -> float:
    """A number with or without its unit: 89.5㎡, ８９．５, 1,089.5, ¥120, 1.5元/㎡·月; NaN if it is none."""
    said = plain(text).replace("²", "2").replace(" ", "")
    if not said or said.endswith("%"):
        return np.nan
    in_ten_thousands = bool(re.search(r"\d万", said))
    if not _NUMBER.fullmatch(said):
        for _ in range(3):
            said = _UNITS.sub("", said, count=1)
    if not _NUMBER.fullmatch(said):
        return np.nan
    value = float(said.replace(",", ""))
    return value * 10_000 if in_ten_thousands else value


_SCALES = {"亿": 1e8, "万": 1e4, "千": 1e3, "百": 1e2}


def yuan(unit: str) -> float:
    """How many yuan one of a unit is: 1e4 of 应收(万元); 1 where it says nothing."""
    found = re.search(r"([亿万千百])元", unit)
    return _SCALES[found[1]] if found else 1.0


def percent(text: str) -> float:
    """A share written with a sign, 71% or ７１％, as 0.71; NaN if it is none."""
    said = plain(text).replace(" ", "").removeprefix("百分之")
    return number(said[:-1]) / 100 if said.endswith("%") else np.nan


_FLOOR = re.compile(
    r"(?:第)?(?P<under>b|地下|负|-)?(?:第)?(?P<n>\d{1,3}|[〇一二三四五六七八九十]{1,3})(?:\.0+)?(?:层|楼|f|/f|fl|floor)?"
)


def floor(text: str) -> float:
    """A floor: 5, ５, 5层, 五楼, 5F, B1 and 地下一层 as -1; NaN if it is none, as 17A or a date."""
    said = plain(text).replace(" ", "").removesuffix("整")
    if said in ("首层", "底层", "ground", "g"):
        return 1.0
    found = _FLOOR.fullmatch(said)
    if not found:
        return np.nan
    n = int(found["n"]) if found["n"].isdecimal() else chinese(found["n"])
    if n is None:
        return np.nan
    return float(-n if found["under"] else n)


def of_column(cells: pd.Series, read: object = None) -> np.ndarray:
    """Numbers of a column (rows,), NaN where a cell is none; ``read`` for those with more than digits."""
    stripped = cells.fillna("").str.strip()
    values = np.array(pd.to_numeric(stripped, errors="coerce"), dtype=np.float64)
    # Python takes digits of any script, and 1_000, which here are for ``read``.
    rest = np.isnan(values) & (stripped != "").to_numpy(bool)
    if rest.any():
        call = number if read is None else read
        words = stripped[rest]
        known = {word: call(word) for word in words.unique()}  # type: ignore[operator]
        values[rest] = words.map(known).to_numpy(np.float64)
    return values


# --- days and months ------------------------------------------------------------------------------

Month = tuple[int, int]
"""Year and month; year 0 where none is told."""

_DAY = re.compile(
    r"(?P<y>\d{4})[-/.年](?P<m>\d{1,2})(?:[-/.月](?P<d>\d{1,2})日?)?月?(?:[t ]?.*)?", re.DOTALL
)
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d)?(?:[t ]?\d{2}.*)?")
_SHORT = re.compile(r"(?P<y>\d{2})[-/.年](?P<m>\d{1,2})月?(?:份)?")
_ONLY = re.compile(r"(?P<m>\d{1,2}|[一二三四五六七八九十]{1,3})月份?")
_ENGLISH = {
    name: k
    for k, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_WORDS = re.compile(r"(?P<w>[a-z]{3})[a-z]*[-.,/ ]*(?P<y>\d{4}|\d{2})")
_FIRST_DAY, _LAST_DAY = 29_221, 73_050
"""Days from 1900 by which spreadsheets write 1980 to 2099."""


def month(text: str) -> Month | None:
    """Year and month of a day or month as people write them; None if it is none.

    2025年1月, 2025-01, 2025/1/15 09:30, 202501, 20250115, 2025.1, 25年1月, Jan 2025, 1月 (year 0), and the number
    of days that a spreadsheet makes of a day.
    """
    said = plain(text).replace(" ", "") if "年" in text else plain(text)
    for pattern in (_COMPACT, _DAY, _SHORT):
        if found := pattern.fullmatch(said):
            year, number_ = int(found["y"]), int(found["m"])
            year += 2000 if year < 100 else 0
            return (year, number_) if 1 <= number_ <= 12 and 1980 <= year <= 2100 else None
    if (found := _WORDS.fullmatch(said)) and found["w"] in _ENGLISH:
        year = int(found["y"])
        return year + (2000 if year < 100 else 0), _ENGLISH[found["w"]]
    if found := _ONLY.fullmatch(said):
        which = int(found["m"]) if found["m"].isdecimal() else chinese(found["m"])
        return (0, which) if which and 1 <= which <= 12 else None
    if re.fullmatch(r"\d{5}(?:\.\d+)?", said) and _FIRST_DAY <= float(said) <= _LAST_DAY:
        day = date(1899, 12, 30) + timedelta(days=int(float(said)))
        return day.year, day.month
    return None


_TENTHS = re.compile(r"(?P<y>\d{4}|\d{2})\.(?P<m>\d{1,2})")


def lost_zero(told: Iterable[str]) -> np.ndarray:
    """Which of the months of one column, or of one row of heads, may be a January or an October (cells,), bool.

    A spreadsheet keeps 2023.10 as the number 2023.1. It is January where February stands there too and nothing
    of what is beside an October, and where another cell shows that zeros were kept.
    """
    parts = [_TENTHS.fullmatch(plain(text)) for text in told]
    there = {(found["y"], found["m"]) for found in parts if found}
    kept = {year for year, after in there if after == "10"}
    autumn = ("9", "11", "12", *(f"0{k}" for k in range(1, 10)))
    january = {
        year
        for year, after in there
        if after == "2" and not any((year, other) in there for other in autumn)
    }
    sure = kept | january
    return np.array(
        [found is not None and found["m"] == "1" and found["y"] not in sure for found in parts],
        dtype=bool,
    )


MAY_BE_OCTOBER = "2023-01 or 2023-10: a spreadsheet makes 2023.1 of both"
"""What is told to be allowed in place of such a month."""


def months_between(first: Month, last: Month) -> int:
    """Months from one to another; negative if the other comes first."""
    return 12 * (last[0] - first[0]) + last[1] - first[1]


def month_name(when: Month) -> str:
    """A month as it is told: 2025-01, or 1月 where no year is known."""
    return f"{when[0]}-{when[1]:02d}" if when[0] else f"{when[1]}月"

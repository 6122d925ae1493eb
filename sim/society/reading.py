"""What was read from a user's file, said in a line or two: what is in it, and what was left out.

Readers collect ``Note``s; the command says them in English on standard error, the desk in the
language of its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sim.phrases import phrases

MOST_NAMED = 6
"""Rows, spellings or names that a line tells before it only counts them."""


class Note(NamedTuple):
    """One thing to say about a file; ``kind`` is a key of ``WORDS``."""

    kind: str
    values: dict[str, Any]


Notes = list[Note]

WORDS = phrases("reading")
"""What is said, by language and kind; a kind with ``_1`` is that of a single one."""

FIELDS_ZH = {
    "building": "楼栋", "stair": "单元", "floor": "楼层", "room": "房号", "tenure": "居住状况", "life_stage": "年龄段",
    "party_member": "党员", "area_m2": "建筑面积", "fee_yuan": "月物业费", "contribution_type": "合作类型",
    "let": "是否出租", "empty": "是否空置", "lived_in": "是否入住", "age": "年龄", "price": "物业费单价", "use": "房屋用途",
    "month": "月份", "year": "年份", "due": "应收", "paid": "实收", "owed": "欠费", "rate": "收缴率", "paid_on": "缴费日期",
    "day": "受理时间", "kind": "分类", "form": "诉求类型", "channel": "来源渠道", "text": "内容", "compound": "小区",
    "again": "是否重复", "times": "重复次数", "of": "关联工单", "number": "工单编号", "count": "件数", "phone": "电话",
    "caller": "来电人", "closed": "办结时间", "solved": "是否解决", "satisfied": "满意度", "responded": "是否响应",
    "source": "起点", "target": "终点", "strength": "强度", "weight": "权重", "layer": "关系类型", "sheet": "工作表名",
    "cleaning": "保洁环境", "facilities": "设施维修与电梯", "security": "安全与消防通道", "greenery": "绿化",
    "parking": "停车", "neighbours": "邻里纠纷", "common_space": "公共空间", "accounts": "收费与账目",
    "developer": "开发遗留", "property": "其他物业问题", "other": "与物业无关",
}  # fmt: skip
"""Fields of tables, and kinds of tickets, as a Chinese reader calls them; others stay as they are."""

_FIELD_VALUES = ("column", "field", "fields", "names", "pairs", "kinds")

_ASIDE = (
    "columns", "personal", "unused", "rival", "unnamed", "title", "footer", "header_again", "blank_rows", "empty_columns",
    "total", "sheet", "sheets", "sheets_left", "hidden", "mark_used", "merged", "spelling", "blank_cells", "blank_means", "people",
    "people_differ", "from_room", "one_stair", "not_homes", "from_price", "from_age", "percent", "words_unknown", "zero", "owed_differs", "owed_unused", "not_service",
    "paid_beyond", "no_place", "one_a_month", "counted", "no_months", "short_ledger", "looked_at", "ticket_twice", "other_compounds", "not_property",
    "no_households", "repeats_by", "repeats_unknown", "unused_figures", "by_label", "from_one", "scaled",
    "both_ways", "ones", "twice",
    "points_twice",
)  # fmt: skip
"""Kinds that tell of what was not taken as it stands: a line of their own."""


def rows_told(rows: Sequence[int | str], language: str) -> str:
    """Rows in order, numbers that are neighbours drawn together: "3, 7 to 9"."""
    words = WORDS[language]
    runs: list[list[int | str]] = []
    for row in rows:
        if runs and isinstance(row, int) and row - 1 == runs[-1][1]:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    told = [
        str(first) if first == last else words["to"].format(first=first, last=last)
        for first, last in runs
    ]
    return some(told, language)


def some(names: Sequence[str], language: str) -> str:
    """The first few names, and how many more there are."""
    words = WORDS[language]
    told = words["comma"].join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return told if more <= 0 else f"{told} {words['more'].format(n=more)}"


def sentences(notes: Sequence[Note], language: str = "en") -> list[str]:
    """One line of what is in the file; another, if need be, of what was not taken as it stands."""
    lines = []
    for aside in (False, True):
        told = [_told(note, language) for note in notes if (note.kind in _ASIDE) == aside]
        if told:
            lines.append(WORDS[language]["mark"].join(told))
    return lines


def field_name(name: str, language: str) -> str:
    """A field as it is called in a language."""
    return FIELDS_ZH.get(name, name) if language == "zh" else name


def _told(note: Note, language: str) -> str:
    words, values = WORDS[language], dict(note.values)
    if language == "zh" and "zh" in values:
        values["name"] = values["zh"]
    titles = values.pop("titles", {}) if language == "zh" else {}
    for name, value in values.items():
        if isinstance(value, Note):
            values[name] = _told(value, language)
        elif name == "rows":
            values[name] = rows_told(value, language)
        elif name == "pairs":
            pairs = [
                f"{written} → {titles.get(field) or field_name(field, language)}"
                for written, field in value
            ]
            values[name] = words["comma"].join(pairs)
        elif name == "kinds":
            values[name] = words["comma"].join(f"{field_name(k, language)} {n}" for k, n in value)
        elif isinstance(value, list):
            told = [
                field_name(one, language) if name in _FIELD_VALUES else str(one) for one in value
            ]
            values[name] = some(told, language)
        elif name in _FIELD_VALUES:
            values[name] = field_name(value, language)
    kind = note.kind
    if values.get("n") == 1 and f"{kind}_1" in words:
        kind += "_1"
    return words[kind].format(**values)

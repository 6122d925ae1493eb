"""What was read from a user's file, said in a line or two: what is in it, and what was left out.

Readers collect ``Note``s; the command says them in English on standard error, the desk in the
language of its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

MOST_NAMED = 6
"""Rows, spellings or names that a line tells before it only counts them."""


class Note(NamedTuple):
    """One thing to say about a file; ``kind`` is a key of ``WORDS``."""

    kind: str
    values: dict[str, Any]


Notes = list[Note]

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "households": "{n} households in {buildings} and {stairs}, floors {low} to {high}",
        "buildings": "{n} buildings",
        "buildings_1": "1 building",
        "stairs": "{n} stairs",
        "stairs_1": "1 stair",
        "tenure": "{owner} owners, {tenant} tenants, {vacant} vacant",
        "members": "{n} with a party member",
        "life": "{young} young, {working} working, {elderly} elderly",
        "area": "area {low:g} to {high:g} m2, {total:,.0f} in all",
        "fee": "fee {low:g} to {high:g} yuan a month",
        "trait": "{name} {low:.4g} to {high:.4g}, mean {mean:.3g}",
        "drawn": "not in the file, so drawn: {names}",
        "ties": "{n} ties among {households} households, {alone} of them without a tie",
        "strength": "strength {low:g} to {high:g}, mean {mean:.3g}",
        "ties_1": "1 tie among {households} households, {alone} of them without a tie",
        "unsaid_1": "strength of 1 tie drawn, as the file does not say it",
        "twice_1": "1 pair given twice, taken once",
        "unsaid": "strength of {n} ties drawn, as the file does not say it",
        "ones": "every weight is {weight}, as programs write where none was given, so strengths are drawn; "
        "name it strength if 1 is meant",
        "direction": "directions are not used",
        "twice": "{n} pairs given twice, taken once",
        "months": "{n} months from {first} to {last}",
        "months_1": "1 month, {first}",
        "figure": "{name} {low} to {high}",
        "points": "{n} points of {names}",
        "points_1": "1 point of {names}",
        "points_twice": "{n} points that stand twice taken once",
        "encoding": "read as {name}",
        "blank_rows": "left out {n} blank rows ({rows})",
        "blank_rows_1": "left out blank row {rows}",
        "empty_columns": "left out {n} empty columns ({columns})",
        "empty_columns_1": "left out empty column {columns}",
        "total": "left out row {row}, a total ({word})",
        "spelling": "{column} {label} is written {ways}: taken as one",
        "columns": "columns taken: {pairs}",
        "personal": "dropped before anything was kept, as they tell of persons: {columns}",
        "unused": "columns without a use left out: {columns}",
        "rival": "{column} left out, as {taken} fits {field} better",
        "title": "left out {n} rows above the header ({rows})",
        "title_1": "left out row {rows}, above the header",
        "footer": "left out row {row}, a remark",
        "header_again": "left out {n} rows that repeat the header ({rows})",
        "header_again_1": "left out row {rows}, which repeats the header",
        "unnamed": "left out {n} columns without a name ({columns})",
        "unnamed_1": "left out column {columns}, which has no name",
        "mark_used": "cells parted by '{mark_read}'",
        "hidden": "sheet {sheet} is hidden in the workbook",
        "sheet": "sheet {sheet} read; left out: {others}",
        "sheets_left": "sheets left out: {others}",
        "sheets": "{n} sheets read as one table: {sheets}",
        "merged": "{n} empty cells of {column} filled from above, as joined cells leave them",
        "blank_cells": "{n} empty cells of {column} drawn ({rows})",
        "blank_cells_1": "empty cell of {column} drawn (row {rows})",
        "blank_means": "{n} empty cells of {column} read as {word}",
        "blank_means_1": "1 empty cell of {column} read as {word}",
        "people": "{rows_n} rows joined to {n} households by their room",
        "people_differ": "of the rows of {n} households {column} differs: the owner's or the first taken",
        "from_room": "{fields} taken from {column}",
        "one_stair": "no column of stairs: one stair a building",
        "not_homes": "left out {n} rows that are no homes ({words})",
        "from_price": "fee taken as price times area",
        "from_age": "life stage taken from age: young up to {young}, elderly from {elderly}; ages are not kept",
        "percent": "{name} read in percent",
        "ledger": "{n} flats: {due:,.2f} yuan due, {paid:,.2f} paid, {owed:,.2f} unpaid",
        "ledger_sums": "sums of all flats: {due:,.2f} yuan due, {paid:,.2f} paid, {owed:,.2f} unpaid",
        "owed_differs": "arrears as the file's own column says them, {said:,.2f} yuan, where its months leave {counted:,.2f}",
        "not_service": "left out {n} bills of other things ({kinds})",
        "owed_unused": "its own column of arrears says 0 and is not used: its months leave {counted:,.2f} yuan",
        "paid_beyond": "{yuan:,.2f} yuan paid beyond the bills: old debts or ahead, in no rate",
        "no_place": "left out {n} rows that name no flat ({rows})",
        "no_place_1": "left out row {rows}, which names no flat",
        "one_a_month": "{rows_n} rows added up to {n} bills, one a flat and month",
        "one_a_month_1": "{rows_n} rows added up to 1 bill, one a flat and month",
        "counted": "{rows_n} rows with counts are {n} tickets",
        "no_months": "no month is told, so there is no rate by month",
        "short_ledger": "collection_rate is of the {n} months there are, where the model's is of twelve",
        "short_ledger_1": "collection_rate is of the one month there is, where the model's is of twelve",
        "tickets": "{n} tickets in {months}: {kinds}",
        "of_months": "{n} months",
        "of_months_1": "1 month",
        "looked_at": "looked at to tell kinds and repeats, and not kept: {columns}",
        "ticket_twice": "left out {n} rows whose number stands there already ({rows})",
        "ticket_twice_1": "left out row {rows}, whose number stands there already",
        "other_compounds": "left out {n} tickets of other compounds",
        "other_compounds_1": "left out 1 ticket of another compound",
        "not_property": "{n} tickets are not on property and are in no rate",
        "not_property_1": "1 ticket is not on property and is in no rate",
        "no_households": "calls for 1,000 households need the number of households",
        "repeats_by": "repeats {by}",
        "by_again": "as the export marks them",
        "by_times": "as the export counts them",
        "by_of": "by the earlier ticket that the export names",
        "by_phone": "by the same number calling on the same kind of problem",
        "by_caller": "by the same caller on the same kind of problem",
        "by_room": "by the same place with the same kind of problem",
        "by_text": "by the same words on the same kind of problem",
        "repeats_unknown": "nothing tells which tickets are repeats",
        "unused_figures": "kept, and no indicator of the model yet: {names}",
        "by_room_label": "{n} households named by their rooms",
        "by_label": "households are the labels of the nodes, not their ids",
        "from_one": "numbers 1 to {n} are households 0 to the last",
        "scaled": "weights are counts, divided by the largest, {high}",
        "both_ways": "{n} pairs given in both directions with different strengths: {how} taken",
        "both_ways_1": "1 pair given in both directions with different strengths: {how} taken",
        "how_mean": "the mean",
        "how_largest": "the larger",
        "how_smallest": "the smaller",
        "joined": "{n} of its {of} flats are flats of the register",
        "words_unknown": "{column} left out, as its words are not known ({words})",
        "zero": "month 0, the last before the policy, is {month}",
        "more": "and {n} more",
        "to": "{first} to {last}",
        "mark": "; ",
        "comma": ", ",
    },
    "zh": {
        "households": "{n} 户，{buildings}，{stairs}，楼层 {low} 至 {high}",
        "buildings": "{n} 栋楼",
        "buildings_1": "1 栋楼",
        "stairs": "{n} 个单元",
        "stairs_1": "1 个单元",
        "tenure": "业主 {owner} 户、租户 {tenant} 户、空置 {vacant} 户",
        "members": "党员户 {n} 户",
        "life": "青年 {young} 户、中年 {working} 户、老年 {elderly} 户",
        "area": "面积 {low:g} 至 {high:g} ㎡，合计 {total:,.0f} ㎡",
        "fee": "每月物业费 {low:g} 至 {high:g} 元",
        "trait": "{name} {low:.4g} 至 {high:.4g}，平均 {mean:.3g}",
        "drawn": "表中没有、由模型抽取的列：{names}",
        "ties": "{households} 户之间 {n} 条关系，其中 {alone} 户没有任何关系",
        "strength": "关系强度 {low:g} 至 {high:g}，平均 {mean:.3g}",
        "unsaid": "{n} 条关系未写强度，由模型抽取",
        "ones": "所有 weight 均为 {weight}（软件的默认值），强度由模型抽取；如确指强度为 1，请将该属性改名为 strength",
        "direction": "不使用关系的方向",
        "twice": "{n} 对住户重复出现，只取一次",
        "months": "{n} 个月，第 {first} 至第 {last} 个月",
        "months_1": "1 个月，第 {first} 个月",
        "figure": "{name} {low} 至 {high}",
        "points": "{n} 个设计点：{names}",
        "points_1": "1 个设计点：{names}",
        "points_twice": "{n} 个重复的设计点只取一次",
        "encoding": "按 {name} 编码读取",
        "blank_rows": "略去 {n} 个空行（{rows}）",
        "blank_rows_1": "略去空行 {rows}",
        "empty_columns": "略去 {n} 个空列（{columns}）",
        "empty_columns_1": "略去空列 {columns}",
        "total": "略去第 {row} 行（“{word}”，合计行）",
        "spelling": "{column} {label} 有多种写法：{ways}，视为同一个",
        "columns": "列名对应：{pairs}",
        "personal": "读入前已删除的个人信息列：{columns}",
        "unused": "未用到的列：{columns}",
        "rival": "“{column}”未采用（“{taken}”更符合 {field}）",
        "title": "略去表头以上 {n} 行（{rows}）",
        "title_1": "略去表头以上的第 {rows} 行",
        "footer": "略去第 {row} 行（说明文字）",
        "header_again": "略去 {n} 个重复的表头行（{rows}）",
        "header_again_1": "略去重复的表头（第 {rows} 行）",
        "unnamed": "略去 {n} 个没有列名的列（{columns}）",
        "unnamed_1": "略去没有列名的第 {columns} 列",
        "mark_used": "单元格以“{mark_read}”分隔",
        "hidden": "工作表“{sheet}”在工作簿中是隐藏的",
        "sheet": "读取工作表“{sheet}”；未读：{others}",
        "sheets_left": "未读的工作表：{others}",
        "sheets": "{n} 个工作表合为一张表：{sheets}",
        "merged": "{column} 有 {n} 个空格按合并单元格处理，取其上方的值",
        "blank_cells": "{column} 有 {n} 格空白，由模型抽取（{rows}）",
        "blank_cells_1": "{column} 有 1 格空白，由模型抽取（第 {rows} 行）",
        "blank_means": "{column} 有 {n} 格空白，视为{word}",
        "blank_means_1": "{column} 有 1 格空白，视为{word}",
        "people": "按房号将 {rows_n} 行合并为 {n} 户",
        "people_differ": "有 {n} 户各行的 {column} 不一致，取业主行或首行",
        "from_room": "由“{column}”得出：{fields}",
        "one_stair": "没有单元列，每栋楼按一个单元处理",
        "not_homes": "略去 {n} 行非住宅（{words}）",
        "from_price": "物业费按单价乘面积得出",
        "from_age": "年龄段由年龄得出：{young} 岁及以下为青年，{elderly} 岁及以上为老年；年龄不保留",
        "percent": "{name} 按百分数读取",
        "ledger": "{n} 户：应收 {due:,.2f} 元，实收 {paid:,.2f} 元，欠缴 {owed:,.2f} 元",
        "ledger_sums": "全小区合计：应收 {due:,.2f} 元，实收 {paid:,.2f} 元，欠缴 {owed:,.2f} 元",
        "owed_differs": "欠费按表中欠费列取 {said:,.2f} 元，而各月应收减实收为 {counted:,.2f} 元",
        "not_service": "略去其他费用 {n} 笔（{kinds}）",
        "owed_unused": "表中欠费列全为 0，未采用：各月应收减实收为 {counted:,.2f} 元",
        "paid_beyond": "超出当期账单的缴款 {yuan:,.2f} 元（清欠或预缴），不计入收缴率",
        "no_place": "略去未写明房号的 {n} 行（{rows}）",
        "no_place_1": "略去未写明房号的第 {rows} 行",
        "one_a_month": "{rows_n} 行按每户每月合并为 {n} 笔账单",
        "counted": "{rows_n} 行按件数计为 {n} 件工单",
        "no_months": "表中没有月份，不能得出各月收缴率",
        "short_ledger": "收缴率按表中 {n} 个月计，模型按十二个月计",
        "short_ledger_1": "收缴率按表中 1 个月计，模型按十二个月计",
        "tickets": "{n} 件工单，{months}：{kinds}",
        "of_months": "{n} 个月",
        "of_months_1": "1 个月",
        "looked_at": "只用于判断类别和重复、未保留的列：{columns}",
        "ticket_twice": "略去 {n} 行编号重复的工单（{rows}）",
        "ticket_twice_1": "略去编号重复的工单（第 {rows} 行）",
        "other_compounds": "略去其他小区的工单 {n} 件",
        "not_property": "{n} 件与物业无关，不计入",
        "no_households": "折算每千户来电量需要户数",
        "repeats_by": "重复工单{by}判断",
        "by_again": "按表中标识",
        "by_times": "按表中次数",
        "by_of": "按表中关联工单",
        "by_phone": "按同一号码、同类问题",
        "by_caller": "按同一来电人、同类问题",
        "by_room": "按同一地点、同类问题",
        "by_text": "按同样内容、同类问题",
        "repeats_unknown": "无法判断哪些工单是重复的",
        "unused_figures": "已保留、模型中尚无对应指标：{names}",
        "by_room_label": "{n} 户按房号对应",
        "by_label": "按节点的标签（而非编号）对应住户",
        "from_one": "编号 1 至 {n} 依次对应第 0 户至最后一户",
        "scaled": "weight 为次数，除以最大值 {high}",
        "both_ways": "{n} 对住户两个方向强度不同，取{how}",
        "how_mean": "平均值",
        "how_largest": "较大值",
        "how_smallest": "较小值",
        "joined": "其中 {n}/{of} 户与业主清册对应",
        "words_unknown": "“{column}”未采用：其中的词不认识（{words}）",
        "zero": "第 0 个月（政策实施前的最后一个月）为 {month}",
        "more": "等，另有 {n} 个",
        "to": "{first} 至 {last}",
        "mark": "；",
        "comma": "、",
    },
}
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
    "paid_beyond", "no_months", "short_ledger", "looked_at", "ticket_twice", "other_compounds", "not_property",
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

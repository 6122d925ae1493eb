"""Empty tables to fill in, one for each kind of file, with the names of columns that are read without a word."""

from __future__ import annotations

import io
from pathlib import Path

from sim.files import whole

NAMES: dict[str, dict[str, str]] = {
    "en": {"register": "register.xlsx", "ledger": "ledger.xlsx", "tickets": "tickets.xlsx", "months": "months.xlsx"},
    "zh": {"register": "业主清册.xlsx", "ledger": "物业费收缴台账.xlsx", "tickets": "热线工单.xlsx", "months": "逐月数据.xlsx"},
}  # fmt: skip

COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "register": ("building", "stair", "floor", "room", "area (m2)", "monthly fee (yuan)",
                     "tenure (owner/tenant/vacant)", "life stage (young/working/elderly)", "party member (yes/no)"),
        "ledger": ("building", "stair", "room", "month (2025-01)", "due (yuan)", "paid (yuan)"),
        "tickets": ("ticket number", "received at", "category", "content", "compound", "repeated (yes/no)",
                    "closed at", "solved", "satisfied"),
        "months": ("month (2025-01)", "collection rate (%)", "satisfied share (%)"),
    },
    "zh": {
        "register": ("楼栋", "单元", "楼层", "房号", "建筑面积（㎡）", "月物业费（元）", "居住状况（自住/出租/空置）",
                     "年龄段（青年/中年/老年）", "是否党员（是/否）"),
        "ledger": ("楼栋", "单元", "房号", "月份（2025年1月）", "应收（元）", "实收（元）"),
        "tickets": ("工单编号", "受理时间", "诉求分类", "主要内容", "小区名称", "是否重复", "办结时间", "是否解决", "满意度"),
        "months": ("月份（2025年1月）", "物业费收缴率（%）", "居民满意度（%）"),
    },
}  # fmt: skip


def workbook(kind: str, language: str) -> bytes:
    """A template as a workbook.

    Args:
        kind: register, ledger, tickets or months.
        language: zh or en.
    """
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(COLUMNS[language][kind]))
    for cell in sheet[1]:
        sheet.column_dimensions[cell.column_letter].width = 2 * len(str(cell.value)) + 2
    sheet.freeze_panes = "A2"
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def write(folder: Path, language: str) -> list[Path]:
    """Write all templates into a folder; files that are there already stay, as somebody may have filled them in."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind, name in NAMES[language].items():
        path = folder / name
        if not path.exists():
            with whole(path) as part:
                part.write_bytes(workbook(kind, language))
            written.append(path)
    return written

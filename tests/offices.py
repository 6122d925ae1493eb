"""Files as offices keep them, made for tests; nobody in them exists."""

from __future__ import annotations

import base64
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FLATS = [(b, s, f, f * 100 + r) for b in (1, 2) for s in (1, 2) for f in (1, 2, 3) for r in (1, 2)]
"""Building, stair, floor and room of a small compound of 24."""

Rows = Sequence[Sequence[Any]]

XLS = (
    "c-rllO=uHA6vyA}M?N+mO=>E%LMa8K)*h51RHR+4XitXLB1$P}Vhfg*RDvE9!D`J(1wjxjUJAW<sd}m3pf?XfMGt~d"
    "NcHGRQ1sAtee<%LWReLqV2jHB!@QY!GxOU?-puS~-z`LQGmn~<piJGM!m8y5Pl=CV@;j9XV7q1UqLceDS+4#m`F$8j"
    "j}Fg6Z@oN*Jl;#7z(egdT7b`(hTtqDCekA<8>k+dLz3}1bfIN%4?SUMq*>LIJxz8K*$33~1=;=Nxk<JQ`{vjnESQP5"
    "PJ0!fP+F-i44nIz#(W~rZfJlvd=+25#qxc1IFK1lj{ltv%~}v<0pr#?k{-z<$8!+F0M5b>s|Db@vr}KSxc-gxGeG|@"
    "(eIV`Zz~$WBv_|tfoJhd&8fUaV@-*D2|azIe;M{d)ZUiZ=hA543}(j$4)#;6X9zPh^>YBTJ?9s%2XF~@bndcc@bjAX"
    "cSP9VAzJrAw8KzG<tVNG2%g}}_rJYAlIk;0l4p|6^!&-cl}{EdxWY%^;4rm>$m*EdXv9vkSBbiX%1vZr*a!1?UxQsZ"
    "JVkx3QEMEp(?R-RZYwEo$8z>-|C8qI7jp-e=X#ee#^yenGti26qG24*KU2`o+S&A7uBWDxGy9ZSB->bVV)&GZJ$K8#"
    "z16`A7*vds&DZ#^!wNOU{;l#g6>DmtreRI9$*he05}L^ur3i@j4&x-wV8qaEh9Y4oRT$F+h9WRj2}7+IZIF$t4nq|f"
    "nuMWMVYC$(n!wN{484L8COfY=3|(M&Bn(d##<K#$BQU%YhPPz?^0;^fhEKxqRbdq4;u9Et3BzB(D36O@U>FjHQH4>A"
    "iy<%q5=NkcQ686ozz9kh!77YmT!IBgw^9%Dd|~6AyC?%(xpL*ol`B{4BSz1(K+lAl{Up!t*IxU*&I+bg_ch6XtD`W1"
    "pL6)f^bn*m&%lM6*3V|pnZsgh9OJw%<T{R5&%hX@XdYuVuV4I+$4bA?ng>Sy+!m_!`m43fbDgjM8^t&H5d"
)
"""A small workbook of Excel 97 (楼栋, 单元, 楼层, 房号, 电话; 12 flats), packed: no program of ours writes that form."""


def text(path: Path, rows: Rows, encoding: str = "utf-8", mark: str = ",") -> Path:
    """A table as text."""
    lines = [mark.join(str(cell) for cell in row) for row in rows]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


def workbook(path: Path, sheets: dict[str, Rows], merged: Sequence[str] = ()) -> Path:
    """A workbook of Excel or WPS."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for cells in merged:
            sheet.merge_cells(cells)
    book.save(path)
    return path


def old_workbook(path: Path) -> Path:
    """A workbook of Excel 97."""
    path.write_bytes(zlib.decompress(base64.b85decode(XLS)))
    return path


def open_document(path: Path, rows: Rows, extra: str = "") -> Path:
    """A sheet of LibreOffice."""

    def cell(value: Any) -> str:
        if isinstance(value, int | float):
            return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'office:version="1.2"><office:body><office:spreadsheet><table:table table:name="Sheet1">'
        f"{body}{extra}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
            "</manifest:manifest>",
        )
    return path


REGISTER = [
    ["梧桐里小区业主清册（2025年3月）"], ["楼栋", "单元", "楼层", "房号", "建筑面积(㎡)", "业主姓名", "备注"],
    *([f"{b}栋", s, f, r, 89.5, f"业主{k}", ""] for k, (b, s, f, r) in enumerate(FLATS)),
    ["合计", "", "", "", 89.5 * len(FLATS), "", ""],
]  # fmt: skip
"""A register with a title, a total and a column of names."""


def ledger(paid: Any = lambda k, m: 0 if (k + m) % 3 == 0 else 134.25) -> Rows:
    """A ledger with columns by month."""
    months = [f"{m}月" for m in (1, 2, 3)]
    head = [
        "房号",
        "业主姓名",
        "建筑面积",
        "单价",
        "月应收",
        *(f"{m}{x}" for m in months for x in ("应收", "实收")),
        "欠费合计",
    ]
    rows = [[f"{b}-{s}-{r}", f"业主{k}", "89.5㎡", "1.5元/㎡", "134.25", *(x for m in range(3) for x in (134.25, paid(k, m))), 0]
            for k, (b, s, _, r) in enumerate(FLATS)]  # fmt: skip
    return [head, *rows, ["合计", *[""] * (len(head) - 1)]]


def tickets(compounds: Sequence[str] = ("梧桐里",), n: int = 12) -> Rows:
    """An export of the hotline."""
    head = [
        "工单编号",
        "受理时间",
        "来电号码",
        "诉求分类",
        "小区名称",
        "主要内容",
        "办结时间",
        "满意度",
    ]
    kinds = [
        ("物业管理", "电梯久修不好"),
        ("环境卫生", "垃圾没人清运"),
        ("城市交通", "公交车不停站"),
    ]
    return [head, *([f"GD{k:04d}", f"2025-0{1 + k % 3}-1{k % 9} 09:3{k % 6}", f"1380000{k % 4:04d}", kinds[k % 3][0],
                     compounds[k % len(compounds)], kinds[k % 3][1], f"2025-0{1 + k % 3}-2{k % 9} 09:3{k % 6}",
                     ["不满意", "满意", ""][k % 3]] for k in range(n))]  # fmt: skip

"""What the page says in Chinese and in English."""

from __future__ import annotations

import re

from sim.experiments import summary
from sim.phrases import phrases

WORDS = phrases("desk")

_OWN_UNITS: dict[str, dict[str, str]] = {
    "zh": {
        "stair": "单元", "group": "个", "point": "分", "fen/m2/month": "分/㎡·月", "1/year": "每年",
        "1": "", "name": "",
    },
    "en": {
        "household": "households", "building": "buildings", "stair": "stairs", "floor": "floors",
        "person": "people", "group": "groups", "point": "points", "month": "months", "hour": "hours",
        "1/year": "a year", "logit": "log odds", "1": "", "name": "",
    },
}  # fmt: skip

UNITS = {language: summary.UNITS[language] | own for language, own in _OWN_UNITS.items()}
"""Units of parameters: as reports say them, but for those that a form says otherwise."""


_CJK = "\u4e00-\u9fff"
_MARKS = str.maketrans(",;:?!", "，；：？！")


def chinese_marks(said: str) -> str:
    """A Chinese text with marks of full width, as quotes and sentences from elsewhere may not have them."""
    said = re.sub(rf"\(([^()]*[{_CJK}][^()]*)\)", r"（\1）", said)
    beside = rf"(?<=[{_CJK}”）%])[,;:?!] ?|[,;:?!] ?(?=[{_CJK}“（])"
    return re.sub(beside, lambda mark: mark[0].strip().translate(_MARKS), said)


def joined(name: str, said: str, language: str) -> str:
    """A name and what is said of it."""
    return f"{name}：{said}" if language == "zh" else f"{name}: {said}"


def bracketed(name: str, aside: str, language: str) -> str:
    """A name and something beside it in brackets."""
    return f"{name}（{aside}）" if language == "zh" else f"{name} ({aside})"


WHERE_ZH = (
    (r"([^:]+\.\w+): row (\S+): (\w+)", "{0} 第{1}行 {2} 列"),
    (r"([^:]+\.\w+): row (\S+)", "{0} 第{1}行"),
    (r"([^:]+\.\w+): (?:month)", "{0} 月份"),
    (r"zero", "月份"),
    (r"own\.collection", "目前物业费收缴率"),
    (r"session.*", "方案文件"),
    (r"xiaoqu", "本工具"),
    (r"household", "住户"),
    (r"name", "方案名称"),
    (r"plans", "服务器上的方案"),
    (r"link", "链接"),
    (r"case", "案例"),
    (r"own\.like", "小区类型"),
)
"""Where something was refused: what an error says in full, and the same in Chinese."""

PROBLEMS_ZH = (
    (
        r"was saved by xiaoqu (.*), and this is (\S+) \((.*)\)",
        "由 xiaoqu {0} 保存，本机是 {1}，无法打开（{2}）",
    ),
    (r"no case is named '(.*)'", "没有名为“{0}”的案例"),
    (r"no kind is named '(.*)'", "没有名为“{0}”的小区类型"),
    (r"column '(.*)' is not known", "不认识“{0}”这一列"),
    (r"column '(.*)' is missing", "缺少“{0}”列"),
    (r"column '(.*)' stands there twice", "“{0}”列重复"),
    (r"no value cannot be used", "这一格没有值"),
    (r"'(.*)' cannot be used", "“{0}”不能使用"),
    (r"more cells than the header", "单元格比表头多"),
    (r"column '(.*)' is not there", "表中没有“{0}”列"),
    (r"the workbook cannot be read \(.*\)", "工作簿已损坏或格式不对，无法读取"),
    (r"the workbook (?:is damaged|holds no value)", "工作簿已损坏或没有内容"),
    (r"the workbook grows too large when it is unpacked", "工作簿解压后过大"),
    (r"is protected by a password", "工作簿有密码保护"),
    (r"is an archive, no workbook", "是压缩包，不是工作簿"),
    (
        r"is XML or a web page, no table|is a web page without a table",
        "是网页或 XML 文件，不是表格",
    ),
    (r".*declares a document type or entities", "文件含有不允许的声明"),
    (r"(?:.* )?reaches to row (\d+) and column (\d+)", "表格过大（到第 {0} 行、第 {1} 列）"),
    (r"(\d+) rows and (\d+) columns", "表格过大（{0} 行、{1} 列）"),
    (r"(\d+) columns", "表格过大（{0} 列）"),
    (r"is of no kind that is known(?:; its first row: (.*))?", "认不出是哪类表格"),
    (
        r"'(.*)' is of the calendar: .*|(\S+ to \S+) are of the calendar: .*",
        "月份为实际年月：哪一个是政策实施前的最后一个月？",
    ),
    (r"(-?\d+) from month 0", "距第 0 个月 {0} 个月，太远"),
    (r"no column is an indicator", "没有一列是模型的指标"),
    (
        r"tickets of (\d+) compounds: which is meant\?",
        "工单涉及 {0} 个小区：请先在上方填写本小区名称",
    ),
    (r"no ticket is of the compound '(.*)'", "没有“{0}”的工单"),
    (r"nothing is due in it", "表中没有应收金额"),
    (r"holds no (?:row|ticket)", "表中没有数据行"),
    (r"'(.*)' has no column of what was due", "“{0}”没有对应的应收列"),
    (r"'(.*)' has ticks and nothing says what was due", "“{0}”只有勾选，没有应收金额"),
    (r"ties are not read here", "本页不读取住户关系"),
    (r"no figure in it is one of the model's", "其中没有模型可用的指标"),
    (r"'(.*)' stands in row (\d+) too", "“{0}”与第{1}行重复"),
    (
        r"(\d+) to (\d+) rows a floor, as where each row is a person",
        "同一单元每层 {0} 至 {1} 行，像是一人一行",
    ),
    (r"'(.*)' is the sum of all .*, a total", "“{0}”恰为其他各行之和，是合计行"),
    (r"Error tokenizing data.*|field larger.*|unexpected end of data", "不是完整的 CSV 表格"),
    (r"(\d+) households", "只有 {0} 户"),
    (r"(\d+) rows", "共有 {0} 户"),
    (r"(\d+) are too many for the desk", "{0} 户超出本页的上限"),
    (r"no cell holds a value", "没有任何数值"),
    (r"no fees are due without a firm", "没有物业服务企业，就没有应收物业费"),
    (
        r"its source files have changed since this Python began",
        "程序文件在本工具启动后有更新，须重新启动",
    ),
    (
        r"a worker process was ended from outside, again and again",
        "计算进程多次被系统中止，可能是内存不足；请稍后重试",
    ),
    (r"the text cannot be decoded", "文字编码无法识别"),
    (r"the file is empty", "文件是空的"),
    (r"(\d+) (?:bytes|characters)", "太长（{0}）"),
    (r"(?:the text )?cannot be read|Invalid JSON.*", "无法读取"),
    (r"Value error, end (\d+) is not after start (\d+)", "停止月份 {0} 不在开始月份 {1} 之后"),
    (
        r"Value error, start (\d+) of (\w+) is after the last month, (\d+)",
        "措施 {1} 的开始月份 {0} 在最后一个月（{2}）之后",
    ),
    (r"ties need to know the households", "读取住户关系需要先知道户数"),
    (r"'(.*)' is no household", "“{0}”不是本小区的住户"),
    (r"there is no household (\d+)", "没有第 {0} 号住户"),
    (r"no household is '(.*)'", "没有“{0}”这一户"),
    (
        r"nobody pays in the last month for whom that is the policy's doing",
        "该月没有哪一户是因本方案而缴费的",
    ),
    (r"household (\d+) tied to itself", "第 {0} 户与自己相连"),
    (
        r"households (\d+) and (\d+) are tied twice with different values",
        "第 {0} 户与第 {1} 户有两条强度不同的关系",
    ),
    (r"household 0 is not there and 1 is, .*", "编号没有第 0 户而有第 1 户，像是从 1 起编号"),
    (
        r"node (\S+) is called '(.*)': which of the two is the household\?",
        "节点 {0} 的标签为“{1}”，两者都像户号",
    ),
    (
        r"ties among (\d+) households, where there are (\d+)",
        "住户关系涉及 {0} 户，而本小区为 {1} 户",
    ),
    (r"not (?:XML|a readable graph) \(.*\)", "不是可读取的关系图文件"),
    (r"file type '(.*)' is not known", "不认识文件类型“{0}”"),
    (r"columns '(.*)' and '(.*)' are the same", "“{0}”和“{1}”两列相同"),
    (r"column (\d+) has no name and holds .*", "第 {0} 列没有列名却有内容"),
    (r"no sheet is named '(.*)'", "没有名为“{0}”的工作表"),
    (r"is no column of the file|is no field", "表中没有这一列"),
    (
        r"is no mapping|is no key of a mapping|holds an alias \(\*\)|is missing",
        "不是本工具保存的表头对应文件",
    ),
    (r"cannot be read \(.*\)", "无法读取"),
    (r"no (?:kind|case) is named '(.*)'", "没有名为“{0}”的小区或类型"),
    (r"no measure is named '(.*)'|Value error, no measure is named '(.*)'", "没有这项措施：{0}"),
    (r"is not asked for here", "本页不设置此项"),
    (r"String should have at least 1 character", "不能为空"),
    (r"String should have at most (\d+) characters?", "不能超过 {0} 个字"),
    (r"(?:List|Dictionary) should have at most (\d+) items? .*", "不能超过 {0} 项"),
    (r"Input should be greater than or equal to (\S+)", "不能小于 {0}"),
    (r"Input should be less than or equal to (\S+)", "不能大于 {0}"),
    (r"Input should be a (?:valid )?(?:finite )?(?:number|integer).*", "请填写数字"),
    (r"Extra inputs are not permitted", "含有不认识的内容"),
    (r"Value error, two policies have the same name.*", "两个方案同名"),
    (
        r"Value error, within (\d+) is after the last month, (\d+)",
        "关注的月份 {0} 在最后一个月（{1}）之后",
    ),
    (
        r"(\S+) is more than the (\S+) tickets that they are a part of",
        "重复反映（{0}）多于热线工单总数（{1}）",
    ),
    (r"is empty", "没有可用的文字"),
    (r"has (\d+) letters", "共 {0} 个字，太长"),
    (r"'(.*)' would take the place of (.*)", "“{0}”会覆盖已有的“{1}”"),
    (r"(\d+) are kept", "已保存 {0} 个"),
    (r"No such file or directory", "已不存在，可能已被删除"),
    (r"No space left on device|Disk quota exceeded", "服务器磁盘已满，未能保存"),
    (r"Permission denied|Read-only file system", "服务器上的文件夹不能写入，请告知管理员"),
    (r"'(.*)' is not allowed", "不能填“{0}”"),
    (r"(.*) is not allowed", "不能填 {0}"),
)
"""What a user of the page can do wrong; anything else is said in English."""

ALLOWED_ZH = (
    (r"a session of this version", "本版本保存的方案"),
    (r"a label of 1 to (\d+) characters", "1 至 {0} 个字符"),
    (r"(?:a )?whole number from (\S+) to (\S+)(?: \(.*\))?", "{0} 至 {1} 的整数"),
    (r"(?:a )?number from (\S+) to (\S+), or nothing", "{0} 至 {1} 的数，或留空"),
    (r"(?:a )?number from (\S+) to (\S+)(?: \(.*\))?", "{0} 至 {1} 的数"),
    (r"0 to (\d+)", "0 至 {0} 的编号"),
    (r"to start Python anew .*", "关闭本工具后重新打开"),
    (r"a number", "填写住户编号"),
    (r"a number, or a room of the register", "填写住户编号，或业主清册中的房号，如 2-1-301"),
    (r"at least (\d+)", "至少 {0} 户"),
    (r"(?:at most|up to) (\d+)", "最多 {0}"),
    (r"up to (\d+); xiaoqu run takes more", "最多 {0} 户；更大的小区请用命令 xiaoqu run"),
    (r"up to (\d+); save a file", "最多 {0}；请改为保存到文件"),
    (r"a firm at the start, or no share of fees", "起点有物业服务企业，或不填收缴率"),
    (r"each month once", "每个月份只出现一次"),
    (r"0 where tenure is vacant", "空置时为 0"),
    (r"once", "每列一次"),
    (r"(\d+) cells", "每行 {0} 格"),
    (r"rows with as many cells as the header", "每行单元格数与表头相同"),
    (r"a table: xlsx, xls, ods, or text.*", "xlsx、xls、ods 或 csv 表格"),
    (r"a file without one", "没有密码的文件"),
    (r"a workbook without them", "不含此类声明的工作簿"),
    (r"at most (\d+) columns and (\d+) cells", "最多 {0} 列、{1} 格"),
    (r"at most (\d+) columns", "最多 {0} 列"),
    (r"at most (\d+) MB when unpacked", "解压后最多 {0} MB"),
    (r"a register, ledger, tickets, months or edges.*", "业主清册、收缴台账、热线工单或逐月数据"),
    (r"(?:xiaoqu import FILE )?--zero (\S+?),? .*", "例如 {0}"),
    (r"percent in all rows, or shares in all", "整列都用百分数，或都用小数"),
    (
        r"a month in all rows, as .*|a day or month, as .*|a month, as .*",
        "每行都是年月，如 2025年1月",
    ),
    (r"a column of stairs \(单元\), which tells them apart", "增加单元列，以便区分"),
    (r"compound: one of (.*)", "其中之一：{0}"),
    (r"xiaoqu import", "请用命令 xiaoqu import"),
    (r"UTF-8, GB18030 or UTF-16", "UTF-8、GB18030 或 UTF-16"),
    (r"(\w+), or a name less like it", "{0}，或改用不相近的列名"),
    (r"one row a household, not one a person", "一户一行，不是一人一行"),
    (
        r"one row a household; a column room shows that it is one",
        "一户一行；如确为一户一行，请加 room（房号）列",
    ),
    (r"households only: delete the row", "只列住户：请删去该行"),
    (r"a header and rows", "表头和数据行"),
    (r"at least one figure in one month", "至少一个月的一个数值"),
    (r"UTF-8 or GB18030", "UTF-8 或 GB18030"),
    (r"a (?:file saved|link made) by the desk", "由本页生成的文件或链接"),
    (r"the register beside it, or --households N", "先导入业主清册，或在表单中填写户数"),
    (
        r"(\S+) to (\S+), in the order of the households.*",
        "第 {0} 至 {1} 户，按业主清册的顺序；或房号，如 2-1-301",
    ),
    (r"two others", "两个不同的住户"),
    (r"each pair once.*", "每对住户只写一次，或两次写同样的强度"),
    (r"numbers from 0; .*", "从 0 起编号；或在业主清册中加房号，关系文件中写房号"),
    (r"a node's id as its label.*", "标签与编号一致，或标签中不写数字"),
    (r"the ties read anew, or removed", "重新导入住户关系，或将其移除"),
    (r"XML without <!DOCTYPE>|GraphML or GEXF.*|Pajek: .*", "Gephi、igraph 或 Pajek 导出的关系图"),
    (r"two digits after the point", "最多两位小数"),
    (r"(\d+) to (\d+) letters", "{0} 至 {1} 个字（文字、数字、下划线、连字符或括号）"),
    (r"(.*) itself, or another name", "填写“{0}”本身，或改用别的名称"),
    (r"a folder of the desk with room", "可写入且有空间的文件夹"),
    (r"one of the list", "列表中的方案"),
    (r"a column of each month's .*", "各月应收列，或月应收列"),
    (
        r"keys of .*|kind, sheet, .*|register, ledger, .*|YAML or JSON.*",
        "用“保存表头对应”得到的文件",
    ),
    (r"a name in row (\d+), or no values", "在第 {0} 行写上列名，或清空该列"),
)
"""What would be accepted instead; names of columns stay as they are."""

"""Names of columns as people write them, in Chinese and English, and which of them tell of persons.

A name is matched whole, by a pattern: 楼栋, 楼栋号, 所属楼栋 and 楼栋编号 are one. A user's mapping stands over
all of it, see ``sim.intake.mapping``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple


class Header(NamedTuple):
    """The name of a column, taken apart."""

    written: str
    core: str
    """Small letters of plain width, without spaces, and without what stands in brackets."""
    unit: str
    """What stands in brackets or behind a stroke, such as ㎡, 元 or %."""


_BRACKETS = re.compile(r"[(\[{【〔<《]([^(\[{【〔<《)\]}】〕>》]*)[)\]}】〕>》]")
_UNIT_BEHIND = re.compile(r"(?:[/:,]|单位)*(?:(?<=[/:,位])(万?元(?:/.*)?)|(㎡|m2|平方米|平米|%))$")


def header(written: str) -> Header:
    """Take the name of a column apart."""
    text = re.sub(r"[\s_*]+", "", unicodedata.normalize("NFKC", written)).casefold()
    unit = "".join(_BRACKETS.findall(text))
    core = _BRACKETS.sub("", text) or text
    if (behind := _UNIT_BEHIND.search(core)) and behind.start() > 0:
        core, unit = core[: behind.start()], unit + (behind[1] or behind[2])
    return Header(written, core.strip(":"), unit)


_NUMBER = r"(?:编?号码?|编码|代码|名称?|no\.?|number|id|code)?"
_OF = r"(?:所[属在]|房屋|住[户宅]|物业|小区)?"

REGISTER: dict[str, tuple[str, ...]] = {
    "building": (rf"{_OF}(?:楼[栋幢宇座号]?|[栋幢座]|号楼|几号楼|栋楼|楼房|苑栋){_NUMBER}",
                 rf"(?:building|bldg\.?|block|tower){_NUMBER}"),
    "stair": (rf"{_OF}(?:单元|楼门|门栋|门洞|楼道|梯位?|单元门){_NUMBER}",
              rf"(?:stair(?:case|well)?|entrance|stairs|unit){_NUMBER}"),
    "floor": (rf"{_OF}(?:楼层|层[次数]?|所在层|自然层|物理层){_NUMBER}", r"(?:floor|storey|story|level)(?:no\.?|number)?"),
    "room": (rf"{_OF}(?:房号|室号|户号|房间号?|房屋编?号|门牌号?码?|户室号?|房室号?|房屋室号|单元室号|室|房屋代?编码|房产编号){_NUMBER}",
             r"(?:房屋|房产|楼栋|详细|具体|完整)?(?:坐落|座落|地址|位置|信息|名称)|房屋|房产|房源|房间|户|住户|住址|门牌",
             rf"(?:room|flat|apartment|apt\.?|door|house(?:hold)?|suite){_NUMBER}"),
    "tenure": (r"(?:房屋|住[户宅]|房产|目前|当前)?(?:使用|居住|入住|占用|租住|出租)(?:状[态况]|情况|性质|类[型别]|方式)",
               r"(?:房屋|住户|房产|住房)(?:状[态况]|情况|类别)|住户类型|人户类型|自住.{0,2}出租.*|状态|产权类型|租住|户型性质",
               r"tenure|occupancy|status|occupied(?:by)?"),
    "let": (r"(?:是否|有无)(?:已?出租|租赁|租住|租户)(?:房屋?)?|出租(?:房屋?)?|islet|rented|let",),
    "empty": (r"(?:是否|有无)?(?:空置|空关|闲置|空房)(?:房屋?)?(?:情况)?|isvacant|vacant|empty",),
    "lived_in": (r"(?:是否|有无)(?:已?入住|自住|有人居?住|常住)|已入住",),
    "life_stage": (r"(?:年龄段|年龄层|人生阶段|生命周期|年龄结构|家庭阶段|年龄组)", r"lifestage|agegroup"),
    "age": (r"(?:户主|业主)?年[龄纪]|周岁|岁数|age",),
    "party_member": (r"(?:是否)?(?:中共)?党员(?:户|家庭|情况|身份|与否)?(?:是否)?|政治面[貌目]|(?:是否)?党员户",
                     r"party(?:member)?|cpcmember|ccpmember|ispartymember"),
    "area_m2": (r"(?:房屋|产权|登记|住宅)?建筑?面积|建面", r"(?:物业)?(?:计费|收费|缴费|计价)面积",
                r"(?:房屋|产权|登记|住宅|物业|测绘)?面积|平方数?|平米数?", r"(?:套内|室内|使用|实用)(?:建筑)?面积",
                r"(?:floor)?area(?:m2|sqm|sq\.?m\.?)?|size|sqm"),
    "fee_yuan": (r"(?:每?月|月度)(?:物业)?(?:应[收缴交]|费用?|物业(?:管理|服务)?费|收费|缴费)(?:金额|额|标准)?|物业(?:管理|服务)?费(?:金额)?(?:每?月)?|月物管费|物管费",
                 r"(?:monthly)?fee(?:yuan)?|monthlyfee|managementfee"),
    "price": (r"(?:物业(?:管理|服务)?费?|收费|计费|费用)?(?:单价|标准|价格)|price|rate|feerate|unitprice",),
    "use": (r"(?:房屋|物业|产权|规划|设计|房产)(?:类[型别]|用途|性质|业态)|业态|用途|类型|propertytype|use|usage|type",),
    "contribution_type": (r"contributiontype",),
}  # fmt: skip
"""Fields of a register, best pattern first; those not in ``sim.society.imports`` become one that is."""

_MONEY = r"(?:金额|款|额|费用?|物业费|数|元|合计)?"

LEDGER: dict[str, tuple[str, ...]] = {
    "building": REGISTER["building"], "stair": REGISTER["stair"], "floor": REGISTER["floor"], "room": REGISTER["room"],
    "month": (r"(?:费用|账单|收费|缴费|计费|所属|应收)?(?:所属)?(?:月份?|账期|费用期|期间|周期|年月|月度|时段|期次|所属期|费款所属期)|统计月份?|month|period|billingperiod|billmonth",),
    "fee_yuan": REGISTER["fee_yuan"],
    "due": (rf"(?:本[期月年]|当[期月年]|年度?|全年|物业费?)?(?:应[收缴交付]|账单){_MONEY}(?:合计|总额)?|(?:amount)?due|billed|payable|charged?",),
    "paid": (rf"(?:本[期月年]|当[期月年]|年度?|全年|物业费?)?(?:实[收缴交付]|已[收缴交付]|收款|缴费|到账|回款){_MONEY}(?:合计|总额)?|(?:amount)?paid|received|collected|payment",),
    "owed": (rf"(?:物业费?|累计|历史|总|合计|截[至止].*)?(?:欠[费缴交款]|未[收缴交付]|拖欠|尾欠){_MONEY}(?:合计|总额|总计|余额|累计)?|(?:total)?arrears|owed|outstanding|balance|unpaid",),
    "rate": (r"(?:物业费?|综合|当[期月年]|本[期月年]|累计)?(?:收缴|缴费|收费|缴交|回款|收取)(?:比?率|比例)|collectionrate",),
    "area_m2": REGISTER["area_m2"], "price": REGISTER["price"],
    "item": (r"(?:收费|费用|缴费|账单|计费)(?:项目?|类[型别]|名称|科目|种类)(?:名称)?|费项|科目|收费项|item|chargetype",),
    "paid_on": (r"(?:缴费|收费|付款|收款|到账|支付|交费|缴款)(?:日期|时间)|paid(?:on|date|at)|paymentdate|dateofpayment",),
}  # fmt: skip

TICKETS: dict[str, tuple[str, ...]] = {
    "day": (r"(?:受理|来电|诉求|创建|登记|投诉|反映|提交|接[件单听]|上报|派单|工单|生成|录入|发生|报[修事]|交办|来件|受件)(?:时间|日期|年月日)",
            r"(?:时间|日期|月份|年月)", r"(?:created|received|opened|call|reported|submitted)?(?:at|on|date|time|datetime)|month"),
    "kind": (r"(?:诉求|问题|事项|投诉|工单|事件|内容|业务|物业)?(?:分类|类别|小类|二级分类|三级分类|细类|子类)(?:名称)?",
             r"(?:诉求|问题|事项|投诉|工单|事件)?(?:大类|一级分类|领域|归口|主题|标题)(?:名称)?", r"category|topic|subject|kind|problem"),
    "form": (r"(?:诉求|工单|来件|来电|事项|信件)?(?:类型|性质|目的)|type|form",),
    "channel": (r"(?:来源|受理|诉求|来电)?(?:渠道|来源|方式)|channel|source",),
    "text": (r"(?:主要|诉求|工单|问题|投诉|反映|事件|来电|具体|详细)?(?:内容|描述|摘要|概述|详情)|content|description|text|summary",),
    "compound": (r"(?:所[属在]|涉及|事发|物业)?(?:小区|楼盘|住宅小区|项目|点位)(?:名称?)?|compound|estate|neighbou?rhood|community",),
    "room": (r"(?:诉求|事发|来电|投诉|问题|发生|详细|具体|涉及)?(?:人)?(?:地址|地点|位置|房号|住址|房屋|门牌号?)|address|location|room|flat",),
    "closed": (r"(?:办结|结案|完成|处理完成|归档|反馈|回复|关闭)(?:时间|日期)|closed(?:at|on)?|resolved(?:at|on)?",),
    "solved": (r"(?:是否|问题)?(?:已?解决|办成|解决情况|解决结果|解决与否|办理结果)(?:情况|结果|与否)?|解决率|solved|resolved",),
    "satisfied": (r"(?:群众|市民|诉求人|来电人|回访|评价|办理)?满意(?:度|情况|与否|评价|率)?(?:评价)?|是否满意|回访(?:结果|评价)|satisfied|satisfaction",),
    "responded": (r"(?:是否)?(?:按时|及时|按期|限时)?(?:响应|联系|签收|见面)(?:情况|与否)?|responded",),
    "again": (r"(?:是否|有无)?(?:为)?(?:重复|多次|反复)(?:诉求|投诉|工单|来电|件|反映|上报|件标识)?(?:标[识记志]|与否)?|isrepeat|repeat(?:ed)?|duplicate",),
    "times": (r"(?:重复|来电|反映|投诉|诉求)(?:次数|件数)|repeats|timesrepeated|count",),
    "of": (r"(?:关联|原|首次|主|上级|父|重复)工单(?:编?号)?|parentid|relatedid|originalid",),
    "number": (r"(?:工单|诉求|受理|事件|流水|案件|任务|来件)(?:编?号码?|单号|id)|编号|单号|ticket(?:id|no\.?|number)?|caseid",),
    "count": (r"(?:来电|投诉|工单|诉求|受理|报修)(?:数量?|量|总数|总量|件数)|件数|数量|calls|tickets",),
    "phone": (r"(?:来电|联系|诉求人?|反映人?|投诉人?|主叫)(?:人)?(?:电话|号码|手机|方式)(?:号码)?|电话(?:号码)?|手机号?码?|phone|caller|mobile|tel",),
    "caller": (r"(?:来电|诉求|投诉|反映|联系|举报|报修)人(?:姓名|员|编号)?|姓名|callername|callerid|name",),
}  # fmt: skip
"""``phone`` and ``caller`` tell a second call of the same person, and are dropped once they have."""

EDGES: dict[str, tuple[str, ...]] = {
    "source": (r"source|from|起点|源(?:节点|户)?|来源|起始(?:节点|户)?|甲方?|户1|住户1|住户a|a|i|节点1|node1|ego|sender|household1|v1|fromid|sourceid",),
    "target": (r"target|to|终点|目标(?:节点|户)?|对象|终止(?:节点|户)?|乙方?|户2|住户2|住户b|b|j|节点2|node2|alter|receiver|household2|v2|toid|targetid",),
    "strength": (r"strength|(?:关系|联系)?强度|密切程度|亲密度",),
    "weight": (r"weight|权重?|(?:来往|联系|互动|往来)?次数|频[次率]|value|count|times",),
    "layer": (r"layer|层|关系(?:类型|层次)",),
}  # fmt: skip

_PERSONAL = re.compile(
    r"姓名|业主$|^业主(?:编号|代码|id|信息|卡号|账号)|户主$|产权人|承租人|租客|租户(?:信息)?$|联系|电话|手机|身份证|证件|护照|微信|qq|邮箱|银行|卡号|账号|帐号"
    r"|车牌|出生|生日|性别|民族|籍贯|户籍|学历|工作单位|职业|家庭成员|签[名字]|指纹|照片|来电人|诉求人|投诉人|反映人|举报人|缴[费款]人|付款人|经[办手]人"
    r"|收费员|管家|制表|审核人|name$|phone|mobile|^tel|idcard|idno|passport|e-?mail|wechat|owner$|caller|contact|birth|gender|^sex$|plate"
)
_PERSONAL_VALUES = re.compile(r"1[3-9]\d{9}|\d{17}[\dxX]|[\w.+-]+@[\w-]+\.[\w.]+|\d{16,19}")


def personal(written: str, cells: Sequence[str] = ()) -> bool:
    """Whether a column tells who somebody is: by its name, or by cells that are phone or identity numbers."""
    if _PERSONAL.search(header(written).core):
        return True
    filled = [re.sub(r"[\s-]", "", cell) for cell in cells if cell.strip()]
    looks = sum(bool(_PERSONAL_VALUES.fullmatch(cell)) for cell in filled)
    return looks > 0 and 2 * looks >= len(filled)


def fits(name: Header, patterns: Sequence[str]) -> int:
    """How well a name fits the patterns of a field: 0 not at all, else more the earlier the pattern."""
    for place, pattern in enumerate(patterns):
        if re.fullmatch(pattern, name.core):
            return len(patterns) - place
    return 0


def match(
    written: Sequence[str], fields: Mapping[str, Sequence[str]], exact: Sequence[str] = ()
) -> tuple[dict[str, int], list[tuple[int, str]]]:
    """Find the column of each field.

    Args:
        written: Names of columns as the file has them.
        fields: Patterns of each field.
        exact: Further fields that are known by their own name only.

    Returns:
        Column of each field found, and the columns that fit a field less well than another one.
    """
    best: dict[str, tuple[int, int]] = {}
    rivals: list[tuple[int, str]] = []
    for column, name in enumerate(written):
        if not name.strip():
            continue
        plain = name.strip().lower()
        if plain in fields or plain in exact:
            found, score = plain, 1000
        else:
            taken = header(name)
            scores = {field: fits(taken, patterns) for field, patterns in fields.items()}
            # Of fields that a name fits alike, the first: patterns of different fields hardly overlap.
            found = max(scores, key=lambda field: scores[field] > 0) if scores else ""
            score = scores.get(found, 0)
        if score <= 0:
            continue
        if found not in best or score > best[found][0]:
            if found in best:
                rivals.append((best[found][1], found))
            best[found] = (score, column)
        else:
            rivals.append((column, found))
    return {field: column for field, (_, column) in best.items()}, sorted(rivals)


def meant(written: str, known: Sequence[str]) -> str:
    """The known name that a name of plain letters is probably a slip of; empty if none is near."""
    near = get_close_matches(written.strip().lower(), known, n=1, cutoff=0.8)
    return near[0] if near and written.isascii() else ""

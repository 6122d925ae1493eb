"""What each process of the month does, in Chinese beside its English, which is the first line of its rule.

Looked up by the English line, so that a rule put in another's place is never told in the other's words; one
that has no Chinese is told in its own.
"""

from __future__ import annotations

CHINESE = {
    # What institutions do before measures act.
    "Named values are set to neutral.":
        "各项中间变量恢复为中性值。",
    "Set the named values that whoever serves stands for, before measures act.":
        "在各项措施起作用之前，给出由服务主体决定的中间变量。",
    "Set the named values that the committee stands for.":
        "给出由业委会决定的中间变量。",
    "Begin a month without tasks.":
        "党支部清空任务单，开始新的一月。",
    "Set the named values that the developer stands for.":
        "给出由开发商决定的中间变量。",
    "Set the named values that the community stands for.":
        "给出由社区决定的中间变量。",
    "Share the departments' hours among the compounds, and see which of them have one firm together.":
        "将职能部门的工时分配到各小区，并查明哪些小区由同一家物业服务企业统一服务。",
    "Share the hours among the tasks asked, and book them.":
        "将现有工时分配给所提任务，并予以记账。",
    "Give the measures their hours; what they take, inspection and issues lack.":
        "为各项措施安排工时；措施占用的工时，巡查和诉求办理相应减少。",
    # Neighbours and problems.
    "Buildings meet in turn.":
        "各楼栋轮流召开会议。",
    "Tenants, owners and vacant units change hands; ``moved`` marks rows with a new household.":
        "租户、业主更替，空置房易手；moved 标记新迁入的住户。",
    "Households show their neighbours what they did.":
        "住户的行为为邻居所见。",
    "Ties grow or fade, both directions alike; everybody sees what tied neighbours did last month.":
        "邻里关系双向同步增强或减弱；住户看到有往来的邻居上月的行为。",
    "Problems arise at households, each by what causes it.":
        "各类问题按其成因在住户处产生。",
    "New problems, still hidden, are entered by the day on which they arose.":
        "尚未被发现的新问题按出现日期录入台账。",
    "Households with a problem wait, or choose whom to tell; others of the building may join in.":
        "遇到问题的住户选择等待，或选择向谁反映；同楼其他住户可能附议。",
    "Problems are found, worked on day by day, answered, sent up or given up; solved ones leave the book.":
        "问题被发现后逐日办理、答复、上报或被放弃；解决的移出台账。",
    "Buildings see what came of their problems, compounds of their calls, the latest months counting most.":
        "各楼栋了解本楼问题的办理结果，各小区了解热线工单的办理结果，越近的月份权重越大。",
    "Residents hear how calls from their compound end, and come to trust street and hotline or not.":
        "居民听闻本小区热线工单的结果，对街道和热线的信任随之升降。",
    # Service.
    "Deliver this month's effort: what staff do, the fewer the more the priorities show, and contracts.":
        "提供本月服务，包括自有人员作业和外包维保；人手越紧，服务的优先次序越明显。",
    "Move the condition on by a month: the firm's effort meets wear and misuse.":
        "小区状况推进一个月：物业的投入与损耗、占用相抵。",
    "Reckon how well the condition meets the needs of each life stage.":
        "核算小区状况满足各年龄段需求的程度。",
    # Residents.
    "The census begins at nothing.":
        "统计清零。",
    "Residents judge what they live in, listen to neighbours, and come to trust or not.":
        "居民评价居住状况，听取邻居看法，信任随之升降。",
    "Residents attend the meeting of their building, or an activity; a meeting has effects.":
        "居民参加本楼会议或活动；会议产生相应效果。",
    "Members visit the households assigned to them in turn; earlier visits fade.":
        "党员轮流走访包联住户；以往走访的作用逐渐消退。",
    "Staff call on households in debt or complaint; calls do harm without time, little good while a cause stands.":
        "工作人员上门走访欠费户和投诉户；走过场适得其反，症结未除则收效甚微。",
    "Residents come to believe how many others pay, from neighbours and from what is published.":
        "居民从邻居和公示信息中形成对他人缴费比例的看法。",
    "The chance to pay: every push added up, in logits (the theory of paying; another may stand here).":
        "缴费概率：各项影响以对数几率相加（缴费理论，可换用其他理论）。",
    "The chance to pay: conditional cooperators repay a share of the norm (another theory of paying).":
        "缴费概率：条件合作者按缴费规范的一定比例缴纳（另一种缴费理论）。",
    "Bills come, are paid or fall overdue; old debts are paid back.":
        "物业费账单送达，住户按期缴清或形成欠费，并补缴以往欠费。",
    "Residents start or stop misusing common space.":
        "居民开始或停止占用公共空间。",
    "Households with a car resent a rise of rents that nobody asked them about.":
        "车位租金未经协商上涨，有车住户产生不满情绪。",
    "Grievance grows from what is unsolved, broken or bad, fades, and is mediated.":
        "不满情绪因问题未解决、承诺未兑现和服务不佳而累积，随时间消退，并可经调解缓和。",
    "Households climb the ladder of conflict by what they did, or leave it; the last step they take with others.":
        "住户因自己的行动在冲突阶梯上升级，或逐步退出；最后一级须与他人共同迈出。",
    "Residents are counted, building by building.":
        "逐楼栋统计居民情况。",
    "What was counted building by building is added up.":
        "汇总各楼栋的统计结果。",
    "A rise of rents that nobody asked about is slowly accepted.":
        "对未经协商的租金上涨，住户逐渐接受。",
    "Bring the fees of the calendar year up to date.":
        "更新本自然年度的物业费应收与实收情况。",
    # What institutions decide at the end of the month.
    "Book the month, then decide on staff, contracts, skimming and whether to stay.":
        "结算本月账目，再决定人员配备、外包维保、侵占公共收益的程度及去留。",
    "Let the legacy fade, and mend a part of it under pressure.":
        "开发遗留问题自然淡化，并在压力下得到部分整改。",
    "Interest comes in, a captured committee takes, and buildings that met put money together.":
        "维修资金计息；被少数人把持的业委会侵占公共收益；已开会的楼栋由居民自愿凑钱维修。",
    "Live one month of the committee's life.":
        "业委会的状态推进一个月。",
    "Drop a vote that nobody wants, collect ballots, count them, put up what is due, open what waited longest.":
        "业主大会撤下已无人提请的表决，收集表决票并对到期事项计票，将应表决事项提上议程，并开启等候最久的表决。",
    "At the start people are used to what there is.":
        "期初，居民已习惯现有的服务。",
    "Bring the credit file up to date with this month's residents.":
        "按本月居民评价更新物业服务企业信用档案。",
    "A cell with tasks wins over members who so far only stood by (从“隐身者”变为“领跑者”, seed 001).":
        "党支部有任务可做，带动观望的党员参与（从“隐身者”变为“领跑者”，文本001）。",
    "The month is written down.":
        "记录本月数据。",
    # Before the first month.
    "Begin as the parameters say.":
        "按参数设定初始状态。",
    "Begin with an ordinary standing.":
        "以普通信用起步。",
    "Begin as the parameters say, in the state the compound was built with.":
        "按参数和小区设定的初始阶段起步。",
    "Begin without a vote.":
        "业主大会起步时无表决事项。",
    "Begin with what first owners deposited.":
        "以首批业主交存的住宅专项维修资金起步。",
    "Begin with hours for whatever is asked.":
        "起步时工时足以应对各项任务。",
    "Where a firm asks for fees, the year before the start is taken as billed, and owed by those in debt.":
        "有物业服务企业收费的小区，视同起步前一年已出账，欠费户相应欠缴；已开始的账期按进度计入。",
    "At the start a household that a firm serves well has long dealt with it alone.":
        "起步时，享受良好物业服务的住户早已只与物业服务企业打交道。",
    "Begin with the places and rents that the parameters say.":
        "按参数设定车位数量和租金。",
}  # fmt: skip
"""English to Chinese, in the order of the month."""

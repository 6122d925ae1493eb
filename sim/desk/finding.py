"""The catalogue as people look through it: measures in groups, found by the words that people use."""

from __future__ import annotations

from collections.abc import Sequence

from sim.config import installed_measures
from sim.measures.catalogue import CATALOGUE

GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("党建引领与走访", "Party cell and visits", ("organisation", "contact")),
    ("议事协商与调解", "Meetings and mediation", ("meetings", "deliberation")),
    ("业主委员会", "Owners' committee", ("committee",)),
    ("物业服务企业与监督", "Property firm and supervision", ("firm", "service", "supervision")),
    ("资金与公共收益", "Money and public revenue", ("money", "resources")),
    (
        "街道、网格与法律途径",
        "Street, grid and courts",
        ("grid", "enforcement", "courts", "digital"),
    ),
    ("停车、改造与邻里互助", "Parking, renewal, neighbours", ("parking", "renewal", "residents")),
)
"""Titles, and the families of measures (files of ``sim/measures``) that stand together."""

OTHERS = ("其他", "Others")

SYNONYMS: dict[str, tuple[str, ...]] = {
    "电梯 加装电梯 困梯 lift elevator": (
        "all_age_renewal", "special_funds", "public_revenue", "developer_remediation",
    ),
    "停车 车位 车库 乱停 充电桩 parking car": (
        "parking_rents", "parking_renewal", "joint_enforcement",
    ),
    "12345 热线 投诉 工单 接诉即办 hotline complaint": (
        "resident_whistle", "departments_report", "digital_platform", "staff_visits", "lead_and_assist",
    ),
    "诉讼 起诉 官司 法院 律师 律师函 court suit lawyer": (
        "fee_suits", "mediation",
    ),
    "欠费 催缴 催费 收费 缴费 拖欠 arrears fee": (
        "fee_suits", "moral_appeal", "lead_by_paying", "member_contact", "disclosure",
    ),
    "换物业 选物业 招标 投标 解聘 tender": (
        "firm_tender", "property_entry", "trust_property", "shared_property",
    ),
    "老旧小区 无物业 弃管 准物业 old unserved": (
        "shared_property", "property_entry", "all_age_renewal", "trust_property",
    ),
    "换届 选举 改选 筹备组 投票 election vote": (
        "committee_drive", "interim_committee", "committee_party_share", "cross_appointment",
    ),
    "培训 能力 training": (
        "committee_training",
    ),
    "账目 财务 公示 公开 审计 双公示 accounts open": (
        "disclosure", "public_revenue", "trust_property",
    ),
    "公共收益 广告费 场地租金 revenue": (
        "public_revenue", "disclosure", "parking_rents",
    ),
    "维修资金 大修 漏水 外墙 repair fund": (
        "special_funds", "public_revenue", "all_age_renewal",
    ),
    "违建 违章 占道 群租 消防通道 堆物 illegal": (
        "joint_enforcement", "departments_report", "grid_inspection",
    ),
    "垃圾 保洁 卫生 脏乱 cleaning refuse": (
        "cleaning_rounds", "service_standard", "greening",
    ),
    "绿化 花园 草坪 green": (
        "greening",
    ),
    "老人 养老 适老 儿童 一老一小 elderly children": (
        "all_age_renewal", "mutual_help",
    ),
    "志愿者 积分 互助 volunteer points": (
        "resident_points", "mutual_help", "micro_grants", "building_heads",
    ),
    "开发商 遗留 烂尾 空置房 developer": (
        "developer_remediation",
    ),
    "打分 考核 评价 红黑榜 信用 rating": (
        "credit_file", "supervision_evaluation", "service_standard", "delegates_lookback",
    ),
    "开会 议事厅 恳谈 听证 协商 meeting": (
        "building_meetings", "meeting_hall", "deliberation", "evening_talks", "parties_council",
    ),
    "纠纷 吵架 矛盾 信访 上访 dispute petition": (
        "mediation", "deliberation", "evening_talks", "staff_visits",
    ),
    "智慧 平台 小程序 微信群 手机 digital app": (
        "digital_platform",
    ),
    "楼长 楼栋长 党小组 支部 包联 联系户 楼组长 cell": (
        "building_heads", "party_organisation", "member_contact", "firm_party_branch",
    ),
    "共建单位 经费 补贴 资金 money": (
        "joint_conference", "micro_grants", "special_funds",
    ),
}  # fmt: skip
"""Words that people use, and the measures that they mean."""


def groups(language: str) -> list[tuple[str, list[str]]]:
    """Titles of the groups and the names of their measures, in the catalogue's order."""
    installed_measures()
    place = 0 if language == "zh" else 1
    left = [name for name, measure in CATALOGUE.items() if measure.kind == "measure"]
    found = []
    for *titles, families in GROUPS:
        names = [name for name in left if _family(name) in families]
        found.append((titles[place], names))
        left = [name for name in left if name not in names]
    return [*found, *([(OTHERS[place], left)] if left else [])]


def _family(name: str) -> str:
    package, _, family = CATALOGUE[name].__module__.rpartition(".")
    return family if package == "sim.measures" else ""


def words_of(name: str) -> str:
    """All words by which a measure is found, in small letters."""
    measure = CATALOGUE[name]
    said = [measure.en, measure.zh, name, measure.through, measure.through_zh]
    said += [words for words, names in SYNONYMS.items() if name in names]
    return " ".join(said).lower()


def fits(wanted: str, words: str) -> bool:
    """Whether a measure is meant: every part of what was typed is among its words."""
    parts: Sequence[str] = wanted.lower().split()
    return all(part in words for part in parts)

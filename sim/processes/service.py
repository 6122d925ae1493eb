"""Service: what the firm does becomes the condition of the compound, line by line.

condition' = condition + repair * effort * (1 - condition) - decay * condition - load * misuse
"""

from __future__ import annotations

from enum import IntEnum

from sim.schema import Parameters, fraction, in_order, param


class Line(IntEnum):
    """Service lines, in the order of every array over lines."""

    CLEANING = 0
    FACILITIES = 1
    SECURITY = 2
    GREENERY = 3
    AMENITIES = 4


LINES = len(Line)


class PerLine(Parameters):
    """One number for each service line."""

    cleaning: float = fraction(0.0, "Cleaning and refuse", zh="保洁与垃圾")
    facilities: float = fraction(0.0, "Lifts and other facilities", zh="电梯与设施")
    security: float = fraction(0.0, "Security and fire lanes", zh="安保与消防")
    greenery: float = fraction(0.0, "Greenery", zh="绿化")
    amenities: float = fraction(0.0, "Amenities for every age", zh="全龄设施")


class PerAge(Parameters):
    """One number for each life stage."""

    young: float = fraction(0.0, "Children and the young", zh="儿童与青年")
    working: float = fraction(0.0, "Working age", zh="中年")
    elderly: float = fraction(0.0, "The elderly", zh="老年")


class ServiceParameters(Parameters):
    """How condition answers to effort, wear and misuse (rates all assumed)."""

    start: PerLine = param(
        in_order(PerLine, 0.75, 0.75, 0.75, 0.75, 0.6),
        "Condition at the first month",
        zh="初始状况",
    )
    built: PerAge = param(
        in_order(PerAge, 1.0, 1.0, 1.0),
        "What amenities there are for each life stage at the start, of those it needs; upkeep adds none",
        zh="各年龄段设施配置",
        source="not thought of for all ages: seed 004 (未兼顾全龄需求); complete unless a scenario says otherwise",
    )  # fmt: skip
    repair: PerLine = param(
        in_order(PerLine, 0.50, 0.16, 0.40, 0.25, 0.05), "Monthly gain at full effort, of what is missing",
        unit="1/month", zh="投入见效速度",
    )  # fmt: skip
    decay: PerLine = param(
        in_order(PerLine, 0.12, 0.04, 0.10, 0.06, 0.012), "Monthly loss without upkeep", unit="1/month",
        zh="失养衰减速度",
    )  # fmt: skip
    misuse_load: PerLine = param(
        in_order(PerLine, 0.05, 0.01, 0.05, 0.05, 0.01), "Monthly loss if every household misused common space",
        unit="1/month", zh="占用公共空间的损耗",
    )  # fmt: skip
    floor: float = fraction(
        0.15, "Effort that residents and street give where the firm gives less", zh="无物业服务企业时的自助投入",
    )  # fmt: skip

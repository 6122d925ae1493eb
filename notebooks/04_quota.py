# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 The quota's optimum
#
# **Question.** Each active member is given households to visit. More households per member reach
# more people, each of them less often: is there a best quota?
#
# **Method.** `member_contact` alone in Kangqiao, quotas from few to many, all under the same seeds;
# means with 95% intervals. Everything else as the scenario has it.

# %%
from start import LANGUAGE, OUT, SMALL, TINY, show

from sim import sweep
from sim.figures.response import means, response

quotas = [2, 10, 40] if SMALL else [1, 2, 4, 6, 8, 10, 12, 15, 20, 25, 30, 40]
size = {"replications": 3, "months": 24, **TINY} if SMALL else {"replications": 100, "months": 48}

# %%
study = sweep(
    "kangqiao",
    policy="member_contact",
    out=OUT,
    factors={"policy.measures.member_contact.quota": quotas},
    **size,
)
key = next(name for name in study.runs.columns if name.endswith("quota"))
values = [
    f"{name}_last12" for name in ("collection_rate", "contacted_share", "trust_cell", "hours_spent")
]
values = [name for name in values if name in study.runs.columns]
frame = means(study.runs.rename(columns={key: "quota"}), ["quota"], values)
frame.pivot(index="quota", columns="value", values="mean")

# %%
labels = {
    "en": {
        "collection_rate_last12": "fees collected, last 12 months (% of fees due)",
        "contacted_share_last12": "visited, last 12 months (% of households)",
        "trust_cell_last12": "trust in cell and community, last 12 months (0 to 1)",
        "hours_spent_last12": "hours spent, last 12 months (hours a month)",
        "x": "households per active member",
        "over": "over seeds",
    },
    "zh": {
        "collection_rate_last12": "物业费收缴率,最后12个月(占应收的%)",
        "contacted_share_last12": "被走访住户,最后12个月(占住户的%)",
        "trust_cell_last12": "对党组织和社区的信任,最后12个月(0至1)",
        "hours_spent_last12": "工时,最后12个月(小时/月)",
        "x": "每名在职党员联系户数",
        "over": "各随机种子",
    },
}[LANGUAGE]
figure = response(
    frame,
    "quota",
    {name: labels[name] for name in values},
    labels["x"],
    shares=("collection_rate_last12", "contacted_share_last12"),
    over=labels["over"],
    language=LANGUAGE,
)
show(figure, "04-quota", {"sweep": study.folder.name, "seeds": size["replications"]}, frame)

# %%
of_fees = frame[frame["value"] == "collection_rate_last12"].set_index("quota")
best = of_fees["mean"].idxmax()
near = of_fees.index[of_fees["high"] >= of_fees.loc[best, "low"]].tolist()
print(f"highest mean at {best} households per member; its interval overlaps those of {near}")

# %% [markdown]
# ## What it does not show
#
# - Where the optimum lies follows from the hours a member has and how a visit's effect fades, and
#   both are assumed: `xiaoqu explain member_contact`. Its existence is the finding, not its place.
# - How many members are active is held; `xiaoqu sweep experiment=contact_quota` varies both.

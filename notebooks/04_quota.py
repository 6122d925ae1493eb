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
# **Method.** `member_contact` alone in Kangqiao, quotas from few to many, with 3 and with 6 hours a
# month per active member, all under the same seeds; means with 95% intervals. Everything else as the
# scenario has it.

# %%
from sim import sweep
from sim.experiments import paired
from sim.figures.response import means, response
from sim.notebook import LANGUAGE, OUT, SMALL, TINY, show

quotas = [2, 10, 40] if SMALL else [1, 2, 4, 6, 8, 10, 12, 15, 20, 25, 30, 40]
size = {"replications": 3, "months": 24, **TINY} if SMALL else {"replications": 50, "months": 48}

# %%
study = sweep(
    "kangqiao",
    policy="member_contact",
    out=OUT,
    factors={"policy.measures.member_contact.quota": quotas, "cell.hours_per_member": [3.0, 6.0]},
    **size,
)
names = {n: n.rpartition(".")[2] for n in study.runs if n.endswith(("quota", "hours_per_member"))}
runs = study.runs.rename(columns=names)
hour = {"en": "{:.0f} h a month", "zh": "每月{:.0f}小时"}[LANGUAGE]
runs["hours"] = runs["hours_per_member"].map(hour.format)
values = [
    f"{n}_last12" for n in ("collection_rate", "contacted_share", "trust_cell", "hours_spent")
]
frame = means(runs, ["hours", "quota"], values)
frame.pivot(index=["hours", "quota"], columns="value", values="mean")

# %%
labels = {
    "en": {
        "collection_rate_last12": "fees collected (% of fees due)",
        "contacted_share_last12": "visited (% of households)",
        "trust_cell_last12": "trust in cell and community (0 to 1)",
        "hours_spent_last12": "time spent (hours a month)",
        "x": "households per active member",
        "over": "over seeds; the last 12 months of each",
    },
    "zh": {
        "collection_rate_last12": "物业费收缴率（占应收的%）",
        "contacted_share_last12": "被走访住户（占住户的%）",
        "trust_cell_last12": "对党组织和社区的信任（0至1）",
        "hours_spent_last12": "工时（小时/月）",
        "x": "每名在职党员联系户数",
        "over": "各随机编号，取最后12个月",
    },
}[LANGUAGE]
figure = response(
    frame,
    "quota",
    {name: labels[name] for name in values},
    labels["x"],
    "hours",
    shares=("collection_rate_last12", "contacted_share_last12"),
    over=labels["over"],
    language=LANGUAGE,
)
show(figure, "04-quota", {"sweep": study.folder.name, "seeds": size["replications"]}, frame)

# %% [markdown]
# ## Does it fall again?
# The quota with the highest mean against the largest one, pair by pair under the same seed, of seeds that have a rate
# under every quota: where no firm serves there is none.

# %%
for hours, part in runs.groupby("hours"):
    by_seed = part.pivot(index="seed", columns="quota", values="collection_rate_last12").dropna()
    if len(by_seed) < 2:
        print(f"{hours}: too few seeds have a rate under every quota ({len(by_seed)})")
        continue
    best = by_seed.mean().idxmax()
    gain = paired.mean((by_seed[best] - by_seed[max(quotas)]).to_numpy() * 100)
    print(
        f"{hours}: highest mean at {best} households per member, {gain.value:+.2f} points "
        f"[{gain.low:+.2f}, {gain.high:+.2f}] beyond {max(quotas)}, {len(by_seed)} seeds"
    )

# %% [markdown]
# ## What came out, at full size
#
# 50 seeds, 12 quotas, 30 November 2026. In most seeds no firm is left by then and visits bring none back: 11 have a
# rate under every quota. In these collection rises with everybody who is reached, from 9% at a quota of 1 to 12% at 20
# with 3 hours a month and to 15% with 6, and is flat from there on: +0.04 points [−0.10, 0.18] at 20 beyond 40 with 3
# hours, +0.03 [−0.07, 0.14] with 6.
#
# **So there is no optimum of collection**, and twice the hours do more than any quota. There is one of trust in
# cell and community: with 3 hours it is highest where the hours run out (0.44 at 15 households a member) and falls
# to 0.33 at 40, as visits get emptier; with 6 hours it stays at 0.51.

# %% [markdown]
# ## What it does not show
#
# - Where the top lies follows from the hours a member has, how many members are active and how a
#   visit's effect fades. All are assumed (`xiaoqu explain member_contact`, `xiaoqu explain cell`).
# - The best of many means is picked from the data that it is then judged by: its lead is
#   overstated a little.
# - Once everybody is visited and hours are used up, a larger quota changes nothing more: the
#   curve is flat by construction there.

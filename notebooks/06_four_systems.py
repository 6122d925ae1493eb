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
# # 06 The four systems, and what each part does
#
# **Question.** Four places tell of four bundles. Put into the *same* compound, what does each do
# to collection, and which of its measures does the work?
#
# **Method.** Shapley values: the mean of what a measure adds over all orders of putting measures
# in. Up to 10 measures every coalition is lived; above that, orders are sampled. Bootstrap 95%
# intervals over seeds.

# %%
import pandas as pd
from IPython.display import display

from sim import attribute
from sim.figures.attribution import parts
from sim.notebook import LANGUAGE, OUT, SMALL, TINY, show

systems = ["five_level_linkage", "red_pilot", "star_property", "shenhong"]
size = (
    {"replications": 2, "at": 3, "scenario__history_months": 3, "scenario__history": {}, **TINY}
    if SMALL
    else {"replications": 20, "at": 24, "permutations": 8}
)
if SMALL:  # 2 to the power of 3 coalitions instead of 128 and more
    systems = [["member_contact", "lead_by_paying", "firm_tender"]]

# %%
found = {}
for system in systems:
    name = system if isinstance(system, str) else "+".join(system)
    found[name] = attribute(
        "kangqiao", policy=system, indicator=["collection_rate"], out=OUT, **size
    )
bundles = pd.concat([a.bundle.assign(system=name) for name, a in found.items()])
bundles

# %%
for name, attribution in found.items():
    origin = attribution.question.asked.provenance
    figure = parts(attribution, "collection_rate", LANGUAGE)
    stem = "06-three-measures" if SMALL else f"06-{name}"
    display(show(figure, stem, origin, attribution.values))

# %%
pd.concat([a.values.assign(system=name) for name, a in found.items()]).sort_values(
    ["system", "value"], ascending=[True, False]
)

# %% [markdown]
# ## What came out, at full size
#
# *Lived before bills, failing firms and parking were part of the model (`CHANGELOG.md`); not yet lived anew.*
#
# 20 seeds, collection at month 24, from 2.0% without measures.
#
# | bundle | effect, points [95%] | hours | yuan | largest parts |
# |---|---|---|---|---|
# | five-level linkage | +64.0 [62.1, 66.0] | 4,805 | 1,562,856 | contact 14.7, renewal 12.9, committee 12.0 |
# | Shenhong experience | +5.2 [4.9, 5.5] | 4,378 | 295,951 | members lead by paying 1.9, meetings 0.8 |
# | red pilot | +2.1 [1.9, 2.4] | 8,143 | 330,271 | meetings 0.7, interim committee 0.5 |
# | star property | +0.3 [0.2, 0.4] | 3,139 | 41,510 | meetings 0.4; departments that report −0.4 |
#
# Only Kangqiao's own bundle does anything to speak of in Kangqiao, and its parts need each other: most of
# all committee and tender (+12.9). That bundle's effects were fitted here by hand, those of the others
# nowhere, so this is no contest of systems.

# %% [markdown]
# ## What it does not show
#
# - Three of the four systems come from other places. In Kangqiao they meet a defaulting developer
#   and no history of theirs, and parts made for a district (a joint conference, a credit file over
#   many firms) have little to act on. This ranks bundles *in one compound*, not the places.
# - Shares above ten measures rest on sampled orders; their intervals hold that too.
# - Doses are those the texts suggest. A weak share may be a weak dose.

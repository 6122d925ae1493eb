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
# # 02 Vicious circle and tipping
#
# **Question.** Low fees mean poor service, poor service means low fees. Does the model have two
# lasting states under one set of parameters, where do they part, and what does it take to get back?
#
# **Method.** (a) Phase portrait: one ordinary estate, run down to a fifth of its usual condition,
# started from many states without any measure; every run is a path of its own, for a mean over
# runs that part would be a path that none takes. (b) Hysteresis: the push to pay is moved slowly
# down, up and down within one life. (c) Basins: which starts end well, by collection, grievance
# and upkeep at the start.

# %%
import numpy as np
import pandas as pd

from sim import load, run, tipping
from sim.figures.phase import portrait
from sim.figures.tipping import basin, loop
from sim.notebook import LANGUAGE, OUT, SMALL, TINY, show
from sim.science.basin import painted

size = {"replications": 1, "months": 18, **TINY} if SMALL else {"replications": 3, "months": 120}
marks = np.linspace(0.1, 0.9, 2 if SMALL else 5)
grievances = (0.1, 0.9) if SMALL else (0.1, 0.5, 0.9)

# %% [markdown]
# ## Phase portrait

# %%
estate = load("ordinary_estate", policy="none", **size)
parts = []
for collection in marks:
    for grievance in grievances:
        study = run(painted(estate, float(collection), grievance, 0.2), out=OUT)
        path = study.months[["run", "month", "collection_rate", "grievance", "satisfied_share"]]
        begun = f"{collection:.1f}/{grievance:.1f}/"
        parts.append(path.assign(start=begun + path["run"].astype(str)))
paths = pd.concat(parts, ignore_index=True)
show(portrait(paths, "grievance", language=LANGUAGE), "02-portrait", study.provenance, paths)

# %%
last = paths[paths["month"] == paths["month"].max()].set_index("start")["collection_rate"]
between = ((last > 0.35) & (last < 0.65)).sum()
print(
    f"{(last > 0.5).sum()} of {len(last)} paths end above 50% collected; {between} between 35% and 65%"
)

# %% [markdown]
# ## Loop and basins

# %%
asked = (
    {"replications": 1, "steps": 3, "hold": 3, "grid": 2, **TINY} if SMALL else {"replications": 10}
)
result = tipping("kangqiao", parts=["loop", "basin"], out=OUT, **asked)
show(loop(result, LANGUAGE), "02-loop", result.provenance, result.loop)

# %%
result.folds.groupby(["leg", "fold"])["level"].describe() if len(result.folds) else "no fold met"

# %%
show(basin(result, LANGUAGE), "02-basin", result.provenance, result.basin)

# %% [markdown]
# ## What came out, at full size
#
# *Lived before bills, failing firms and parking were part of the model (`CHANGELOG.md`); not yet lived anew.*
#
# - *Two ends, and nothing between.* 27 of 45 paths end near 83% collected with little grievance, 18 near 4%
#   with much; none ends between 35 and 65%. All come onto one slanting line first, within a year or two, and part on
#   it at about 22% collected and a grievance of 43%: which way a run goes there is chance for some starts
#   (90% grievance with 86% collected: two of three recover). Much grievance outweighs much collection.
# - *Loop*, 10 seeds: collapse at a shift of 0.0 logits (−0.4 to 0.4), recovery not before +3.6 (3.2 to 3.6),
#   collapse again at −1.2. Kangqiao as it is stands at the edge of its first collapse.
# - *Basins*: at usual condition nearly every start ends well; at a fifth of it, only those above a diagonal.

# %% [markdown]
# ## What it does not show
#
# - Starts are painted on: households begin alike in habit and grievance, as no lived compound does.
# - Levels are held for a fixed time; with a longer hold folds may lie closer together.
# - Two humps among *single* compounds are not two humps among the compounds of a district, whose
#   parameters differ: `xiaoqu validate` holds the share of compounds between 35% and 65% against
#   its target.
# - That real compounds have two states is the model's claim, not a finding.

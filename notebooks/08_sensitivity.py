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
# # 08 Sensitivity
#
# **Question.** On which assumed numbers do the results hang?
#
# **Method.** Morris's elementary effects over many parameters at once, beside the effect that
# seeds alone would show; the first of them go on to Sobol's indices (first order and total).

# %%
from start import LANGUAGE, OUT, SMALL, TINY, show

from sim import sensitivity
from sim.figures.sensitivity import effects

size = (
    {
        "over": ["fees"],
        "trajectories": 2,
        "top": 2,
        "samples": 4,
        "replications": 2,
        "at": 6,
        **TINY,
    }
    if SMALL
    else {"trajectories": 20, "top": 10, "samples": 512, "replications": 2}
)

# %%
result = sensitivity("kangqiao", policy="five_level_linkage", out=OUT, **size)
show(effects(result, LANGUAGE), "08-sensitivity", result.provenance, result.screening)

# %%
result.screening.sort_values("mu_star", ascending=False).head(15)

# %%
result.indices

# %% [markdown]
# How much of the variance is chance between seeds:

# %%
result.noise

# %% [markdown]
# ## What it does not show
#
# - Ranges are a share of the way to the schema's limits: another width, another ranking.
# - Parameters vary apart from each other; what a posterior would forbid together is lived too.
# - A parameter without effect on collection may rule another outcome.

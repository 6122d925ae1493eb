"""An indicator of one's own: how unevenly what is owed lies on households.

xiaoqu run months=24 --plugin docs/own/arrears_gini.py
"""

import numpy as np

from sim.compiled import kernel
from sim.outcomes import give_indicator


@kernel
def gini_of_arrears(compound):
    """Gini coefficient of arrears over a compound's households."""
    owed = np.sort(compound.world.households.arrears_fen[compound.first : compound.last])
    total, weighted, n = 0.0, 0.0, len(owed)
    for k in range(n):
        total += owed[k]
        weighted += (k + 1) * owed[k]
    return 2.0 * weighted / (n * total) - (n + 1.0) / n if total > 0.0 else np.nan


give_indicator(
    "arrears_gini",
    gini_of_arrears,
    en="Gini of arrears",
    zh="欠费基尼系数",
    formula="Gini coefficient of arrears over households, vacant units too; missing where nobody owes",
    share=True,
    better=-1,
)

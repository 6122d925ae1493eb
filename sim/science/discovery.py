"""Scenario discovery: under which parameters two policies change places.

A small decision tree (CART, one of the two usual algorithms of scenario discovery; Lempert, Bryant
and Bankes 2008); how well it would tell for new draws is cross-validated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sim.outcomes import INDICATORS
from sim.science.libraries import need

DEPTH, LEAST_LEAF, FOLDS = 3, 0.05, 5
"""Splits in a row, least share of draws in a box, and folds of the cross-validation."""

TOLD = 0.6
"""Cross-validated balanced accuracy from which boxes are taken to tell something; 0.5 is chance."""


def need_sklearn(question: str) -> None:
    """See that scikit-learn is there, before a question lives anything."""
    need("sklearn", question, "scikit-learn is not installed")


def turned_around(draws: pd.DataFrame, outcome: str, first: str, second: str) -> pd.Series:
    """By draw, whether the second policy does better than the first; failed draws left out."""
    both = draws.reindex(columns=[f"{outcome}:{first}", f"{outcome}:{second}"]).dropna()
    return INDICATORS[outcome].better * (both.iloc[:, 0] - both.iloc[:, 1]) < 0


def boxes_of(draws: pd.DataFrame, outcome: str, role: str, first: str, second: str) -> pd.DataFrame:
    """Boxes of parameters in which two policies turn around.

    Args:
        draws: A row per draw: a column per parameter, and ``outcome:policy``.
        outcome: Indicator by which policies are compared.
        role: Why this pair is looked at; told in the table.
        first: Usually the better one.
        second: The other.

    Returns:
        A row per box, as in ``Robustness.boxes``, that most often turned first; one row with a
        ``reason`` where no tree can be grown.
    """
    answer = turned_around(draws, outcome, first, second)
    known, turned = draws.loc[answer.index], answer.to_numpy(bool)
    keys = [key for key in draws.columns if "." in key and ":" not in key]
    row: dict[str, Any] = {"outcome": outcome, "role": role, "first": first, "second": second}
    row |= {"box": 0, "rule": ""}
    row |= {"draws": len(known), "turned": float(turned.mean()) if len(known) else np.nan}
    row |= {"coverage": 1.0 if turned.any() else np.nan, "accuracy": np.nan, "parameters": ""}
    least = min(int(turned.sum()), int((~turned).sum()))
    if least < FOLDS:
        return pd.DataFrame([row | {"reason": "too_few_turned" if len(known) else "no_draws"}])
    need_sklearn("robustness")
    from sklearn import model_selection as selection
    from sklearn import tree

    classifier = tree.DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=max(5, round(LEAST_LEAF * len(known))),
        class_weight="balanced", random_state=0,
    )  # fmt: skip
    x = known[keys].to_numpy()
    folds = selection.RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=4, random_state=0)
    scores = selection.cross_val_score(classifier, x, turned, cv=folds, scoring="balanced_accuracy")
    fitted = classifier.fit(x, turned)
    row |= {"accuracy": float(scores.mean())}
    row |= {"reason": "" if scores.mean() >= TOLD else "not_told"}
    row |= {"parameters": "; ".join(_by_importance(fitted, keys))}
    leaves, rules = fitted.apply(x), _rules(fitted.tree_, keys)
    rows = []
    for box, leaf in enumerate(
        sorted(set(leaves.tolist()), key=lambda k: -turned[leaves == k].mean())
    ):
        inside = leaves == leaf
        told = {"box": box, "rule": rules[leaf], "draws": int(inside.sum())}
        told |= {"turned": float(turned[inside].mean())}
        rows.append(row | told | {"coverage": float(turned[inside].sum() / turned.sum())})
    return pd.DataFrame(rows)


def _by_importance(fitted: Any, keys: list[str]) -> list[str]:
    order = np.argsort(-fitted.feature_importances_, kind="stable")
    return [keys[k] for k in order if fitted.feature_importances_[k] > 0]


def _rules(tree: Any, keys: list[str]) -> dict[int, str]:
    """Conditions of every leaf, one bound on each side of a parameter."""
    found: dict[int, str] = {}

    def walk(node: int, bounds: dict[str, tuple[float, float]]) -> None:
        if tree.children_left[node] == -1:
            found[node] = " and ".join(_condition(key, *ends) for key, ends in bounds.items())
            return
        key, cut = keys[tree.feature[node]], float(tree.threshold[node])
        low, high = bounds.get(key, (-np.inf, np.inf))
        walk(tree.children_left[node], bounds | {key: (low, min(high, cut))})
        walk(tree.children_right[node], bounds | {key: (max(low, cut), high)})

    walk(0, {})
    return found


def _condition(key: str, low: float, high: float) -> str:
    if np.isinf(low):
        return f"{key} <= {high:.3g}"
    return f"{key} > {low:.3g}" if np.isinf(high) else f"{low:.3g} < {key} <= {high:.3g}"

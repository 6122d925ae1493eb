"""Small networks that stand for runs: a figure's mean and spread at any numbers of the core and traits of the case.

Two networks are trained, each on a half of the runs, and tried on the other half: what they miss there is chance,
and error of the network, together.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy.optimize import nnls

from sim import leaving

HIDDEN = (32, 32)
"""Cells of the layers: twice as many met runs kept out no better."""

LEAST = 60
"""Fewest runs with a value from which a network is trained."""

STRONG = 1.5
"""Traits are divided by this, so that they weigh in a network's input as much as a number of the core."""


class Emulator:
    """Mean and variance of a quantity, from numbers of the core and traits, all about -1 to 1.

    Attributes:
        fit: Part of the variance over runs kept out that the networks explain (quantities,).
    """

    def __init__(self, inputs: np.ndarray, values: np.ndarray, *, share: bool = True) -> None:
        """Train on runs.

        Args:
            inputs: A row a run (runs, inputs).
            values: What was read of it (runs, quantities), without missing ones.
            share: Whether quantities lie between 0 and 1.
        """
        self._share = share
        half = np.random.default_rng(0).random(len(values)) < 0.5
        self._nets = [
            _Net(inputs[half == k], values[half == k], seed=int(k)) for k in (False, True)
        ]
        kept_out = np.empty_like(values)
        for k, net in zip((True, False), self._nets, strict=True):
            kept_out[half == k] = net(inputs[half == k])
        missed = (values - self._bounded(kept_out)) ** 2
        self.fit = 1.0 - missed.mean(axis=0) / np.maximum(values.var(axis=0), 1e-12)
        # A share's spread shrinks towards none and all.
        self._spread = np.array(
            [
                self._of_size(self._bounded(kept_out[:, k]), missed[:, k])
                for k in range(values.shape[1])
            ]
        )

    def __call__(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and variances (rows, quantities) at rows of inputs."""
        mean = self._bounded((self._nets[0](inputs) + self._nets[1](inputs)) / 2.0)
        steep = 4.0 * mean * (1.0 - mean) if self._share else np.zeros_like(mean)
        return mean, self._spread[:, 0] + self._spread[:, 1] * steep

    def _bounded(self, values: np.ndarray) -> np.ndarray:
        return np.clip(values, 0.0, 1.0) if self._share else values

    def _of_size(self, mean: np.ndarray, missed: np.ndarray) -> np.ndarray:
        if not self._share:
            return np.array([missed.mean(), 0.0])
        steep = np.column_stack([np.ones_like(mean), 4.0 * mean * (1.0 - mean)])
        return np.asarray(nnls(steep, missed)[0]) + np.array([1e-6, 0.0])


class _Net:
    """A trained network, quick to ask."""

    def __init__(self, inputs: np.ndarray, values: np.ndarray, seed: int) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPRegressor

        self._middle, self._size = values.mean(axis=0), values.std(axis=0) + 1e-9
        net = MLPRegressor(
            hidden_layer_sizes=HIDDEN, activation="tanh", alpha=1e-2, learning_rate_init=2e-3, max_iter=400,
            early_stopping=True, n_iter_no_change=15, random_state=seed,
        )  # fmt: skip
        scaled = (values - self._middle) / self._size
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            with leaving.fitting():
                net.fit(inputs, scaled if scaled.shape[1] > 1 else scaled.ravel())
        self._layers = [
            (w.astype(np.float32), b.astype(np.float32))
            for w, b in zip(net.coefs_, net.intercepts_, strict=True)
        ]

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        at = inputs.astype(np.float32)
        for weights, shift in self._layers[:-1]:
            at = np.tanh(at @ weights + shift)
        weights, shift = self._layers[-1]
        return (at @ weights + shift).astype(np.float64) * self._size + self._middle

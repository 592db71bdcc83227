"""The model as one more voter: how far its beliefs can be taken at their word."""

import numpy as np

from weaklabel.numerics import Floats, log_sum_exp, normalise_log

# The penalties on log scale and on class biases, in nats at 1. Biases are held hard, as answers can hardly tell a class
# that is frequent from one that people say too easily.
ON_SCALE, ON_BIAS = 2.0, 100.0
# The share of items of which the model knows nothing, however sure it is; before anything is known 1 in 10, as if 10
# had been checked. Without it whatever speaks against a sure model counts as a person's error: of a careful expert 1 in
# 20 answers was overruled by a poor model (trec). With it only people who agree with each other against the model, or
# the lack of such, tell its errors from theirs.
LOST, CHECKED = 1.0, 10.0


def start(k: int) -> Floats:
    """The calibration that nothing is known of, shape (k + 2,): log scale, logit of the lost share, class biases."""
    return np.array([0.0, np.log(LOST / (CHECKED - LOST)), *[0.0] * k])


def calibrated(logs: Floats, calibration: Floats) -> Floats:
    """Log-probabilities, shape (n, k), from the model's own."""
    lost = _lost(calibration)
    return np.asarray(np.log((1 - lost) * _moved(logs, calibration) + lost / logs.shape[1]))


def calibrate(logs: Floats, people: Floats, begin: Floats) -> Floats:
    """The calibration that makes people's answers least surprising.

    Parameters
    ----------
    logs
        Shape (n, k): the model's log-probabilities.
    people
        Shape (n, k): log P(answers to the item | class).
    begin
        Where the search starts.
    """
    from scipy.optimize import minimize

    stiff = np.array([ON_SCALE, 0.0, *[ON_BIAS] * logs.shape[1]])

    def loss(x: Floats) -> tuple[float, Floats]:
        total = log_sum_exp(calibrated(logs, x) + people)
        lost = _lost(x)
        prior = LOST * np.log(lost) + (CHECKED - LOST) * np.log1p(-lost)
        slope = _slope(logs, people - total[:, None], x)
        slope[1] += LOST - CHECKED * lost
        return float(stiff @ x**2 - prior - total.sum()), 2 * stiff * x - slope

    return np.asarray(minimize(loss, begin, jac=True, method="L-BFGS-B").x)


def _slope(logs: Floats, relative: Floats, x: Floats) -> Floats:
    """Of the log-likelihood, from log P(answers | class) less log P(answers)."""
    lost, moved, ratio = _lost(x), _moved(logs, x), np.exp(relative)
    inner = (1 - lost) * moved * (ratio - (ratio * moved).sum(axis=1, keepdims=True))
    of_lost = lost * (1 - lost) * (ratio * (1 / logs.shape[1] - moved)).sum()
    return np.asarray([np.exp(x[0]) * (inner * logs).sum(), of_lost, *inner.sum(axis=0)])


def _moved(logs: Floats, x: Floats) -> Floats:
    return normalise_log(np.exp(x[0]) * logs + x[2:])


def _lost(x: Floats) -> float:
    return float(1 / (1 + np.exp(-x[1])))

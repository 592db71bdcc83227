"""Neighbouring positions are examined much alike: an estimated curve, drawn towards a smooth one as far as it is one.

log theta_k = b1 log k + b2 (log k)^2 + deviation, and the deviations' spread tau is learned (empirical Bayes). Where
the log says that the curve jumps, tau is large and the curve stays as it was estimated; where the jumps are no larger
than the errors, tau is small, and positions lend each other their clicks.

Source: Morris, Parametric Empirical Bayes Inference, JASA 1983; tau is averaged over
its restricted likelihood, as the mode of it claims too much with ten positions, with a uniform shrinkage prior
(Daniels, Canadian Journal of Statistics 1999).
"""

from dataclasses import dataclass

import numpy as np

from weaklabel.clicks.cells import Ints
from weaklabel.numerics import Floats

FREEDOM = 3  # deviations beyond the two coefficients: with fewer nothing could be said of their spread
LARGEST = 3.0  # of the spreads that are tried, in log units: no smoothing to speak of


@dataclass(frozen=True)
class Smoother:
    """A linear map of log examination, learned from an estimate and its covariance.

    Attributes
    ----------
    weights
        Shape (p, p): the smooth curve is weights @ log_theta.
    bent
        Standard error, shape (p,), of what smoothing itself may have bent, beside the errors that it leaves.
    tau
        Spread of the deviations, in log units: the mean of the plausible ones.
    """

    weights: Floats
    bent: Floats
    tau: float

    def __call__(self, log_theta: Floats) -> Floats:
        """The smooth curve, shape (p,)."""
        return np.asarray(self.weights @ log_theta)

    def errors(self, covariance: Floats) -> Floats:
        """Standard errors of the smooth curve, shape (p,), from the covariance of the rough one."""
        return np.asarray(np.sqrt(((self.weights @ covariance) * self.weights).sum(axis=1)))


def none(p: int) -> Smoother:
    """The curve as it was estimated."""
    return Smoother(np.eye(p), np.zeros(p), float("inf"))


def learn(position: Ints, context: Ints, log_theta: Floats, covariance: Floats) -> Smoother:
    """How to smooth the curve of each context.

    Parameters
    ----------
    position, context
        Shape (p,): positions increase within each context.
    log_theta
        Shape (p,): the curves.
    covariance
        Shape (p, p), of their errors; 0 at the first position of each.

    Returns
    -------
    Smoother
        Of shape (p, p); its tau is that of the roughest curve. Curves of fewer than six positions stay as they are.
    """
    weights, bent, taus = np.eye(len(position)), np.zeros(len(position)), [0.0]
    for code in np.unique(context):
        here = np.flatnonzero(context == code)
        if len(here) - 1 >= 2 + FREEDOM:
            one = _learn(position[here], log_theta[here] - log_theta[here[0]], covariance[np.ix_(here, here)])
            weights[np.ix_(here, here)], bent[here] = one.weights, one.bent
            taus.append(one.tau)
    return Smoother(weights, bent, max(taus))


def _learn(position: Ints, log_theta: Floats, covariance: Floats) -> Smoother:
    """Of one curve: the posterior mean of the curve is linear given tau; both are averaged over the plausible tau."""
    p, x = len(position), np.log(position / position[0])
    X, y, V = np.stack([x, x**2], axis=1)[1:], log_theta[1:], covariance[1:, 1:]
    grid = np.geomspace(max(np.sqrt(V.diagonal().min()) / 10, 1e-6), LARGEST, 40)
    # Curves are thought to bend by less than a quarter of an error as often as by more; some of them by much.
    log_prior = -2 * np.log(np.exp(np.log(V.diagonal()).mean() / 2) / 4 + grid)
    log_p = np.array([_restricted(y, X, V + tau**2 * np.eye(p - 1)) for tau in grid]) + log_prior + np.log(grid)
    plausible = np.exp(log_p - log_p.max())
    plausible /= plausible.sum()
    maps = np.stack([np.eye(p - 1) - V @ _residual(X, V + tau**2 * np.eye(p - 1)) for tau in grid])
    mean = np.einsum("t,tij->ij", plausible, maps)
    curves = maps @ y
    # The posterior's variance: what is left given tau, and what tau makes of it.
    variance = plausible @ np.stack([(each @ V).diagonal() for each in maps])
    variance += plausible @ (curves - mean @ y) ** 2
    weights, bent = np.eye(p), np.zeros(p)
    weights[1:, 1:] = mean
    # The first column keeps a curve that starts elsewhere than at 0 (a context told by others) where it starts.
    weights[1:, 0] = 1.0 - mean.sum(axis=1)
    bent[1:] = np.sqrt(np.maximum(variance - ((mean @ V) * mean).sum(axis=1), 0.0))
    return Smoother(weights, bent, float(plausible @ grid))


def _residual(X: Floats, M: Floats) -> Floats:
    """What M^-1 leaves once X is fitted."""
    inverse = np.linalg.inv(M)
    return np.asarray(inverse - inverse @ X @ np.linalg.solve(X.T @ inverse @ X, X.T @ inverse))


def _restricted(y: Floats, X: Floats, V: Floats) -> float:
    """The restricted log-likelihood of y ~ N(X b, V), up to a constant."""
    inverse = np.linalg.inv(V)
    information = X.T @ inverse @ X
    rest = y - X @ np.linalg.solve(information, X.T @ inverse @ y)
    return -float(np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1] + rest @ inverse @ rest) / 2

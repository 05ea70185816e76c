"""Growth rates: a straight line through the logarithm of a size over time, well by well."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from .outcomes import MEASURED


def growth_rates(wells: pd.DataFrame, column: str = "volume_sphere_um3", by: str = "condition") -> pd.DataFrame:
    """Fit exponential growth to every well.

    Only measured, not excluded time points enter: an absent spheroid has no logarithm, a censored one only a
    lower bound.

    Parameters
    ----------
    wells : DataFrame
        As `wells_table` makes it.
    column : str
        The size.
    by : str
        Column of the plate map that is carried along.

    Returns
    -------
    DataFrame
        One row a well with at least two times: plate, well, `by`, n, rate_per_day (natural logarithm), and its
        standard error (NaN for two points).
    """
    usable = wells[(wells["outcome"] == MEASURED) & ~wells["excluded"].astype(bool) & (wells[column] > 0)]
    rows = []
    for (plate, well, site), series in usable.groupby(["plate", "well", "site"], sort=False, dropna=False):
        if series["time_h"].nunique() < 2:
            continue
        fit = stats.linregress(series["time_h"] / 24, np.log(series[column]))
        error = fit.stderr if len(series) > 2 else np.nan
        condition = series[by].iloc[0] if by in series else None
        rows.append((plate, well, site, condition, len(series), fit.slope, error))
    return pd.DataFrame(rows, columns=["plate", "well", "site", by, "n", "rate_per_day", "standard_error"])


def by_condition(rates: pd.DataFrame, by: str = "condition") -> pd.DataFrame:
    """Summarise growth rates: n wells, mean, SD, and the 95 % confidence interval of the mean (Student's t)."""
    rows = []
    for condition, group in rates.groupby(by, sort=True, dropna=False):
        values, n = group["rate_per_day"], len(group)
        half = stats.t.ppf(0.975, n - 1) * values.std() / np.sqrt(n) if n > 1 else np.nan
        rows.append((condition, n, values.mean(), values.std(), values.mean() - half, values.mean() + half))
    return pd.DataFrame(rows, columns=[by, "n_wells", "mean", "sd", "ci_low", "ci_high"])

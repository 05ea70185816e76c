"""The two figures of a project: growth curves, and sizes at the last time. Raw points behind every summary."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from spheroseg_widgets.analysis.outcomes import ABSENT, CENSORED, FITTED, MEASURED

from .template import ALL, LAYOUT, ConditionStyle, Plot, condition_styles

SIZES = {"equivalent_diameter": "Equivalent diameter", "area": "Area", "volume_sphere": "Volume of the sphere"}
POWERS = {"equivalent_diameter": "", "area": "2", "volume_sphere": "3"}
LEAST_WELLS = 3
"""From so many an interval is drawn: of two wells it is six times as wide as they lie apart, and hides the curve."""
SUPERSCRIPTS = {"": "", "2": "\u00b2", "3": "\u00b3"}


def size_column(wells: pd.DataFrame, size: str = "equivalent_diameter") -> tuple[str, str]:
    """Choose micrometres where any is known, else px.

    Parameters
    ----------
    wells : DataFrame
        As `Project.wells()` gives it.
    size : {"equivalent_diameter", "area", "volume_sphere"}
        What is plotted.

    Returns
    -------
    column, title : str
        Column of `wells`, and the axis title with its unit.
    """
    if size not in SIZES:
        raise ValueError(f"no size {size!r}; there are {', '.join(SIZES)}")
    micrometres = f"{size}_um{POWERS[size]}"
    known = micrometres in wells and wells[micrometres].notna().any()
    unit = ("\u00b5m" if known else "px") + SUPERSCRIPTS[POWERS[size]]
    return (micrometres if known else f"{size}_px{POWERS[size]}"), f"{SIZES[size]} ({unit})"


def with_condition(wells: pd.DataFrame) -> pd.DataFrame:
    """Return the wells with a condition in every row: the map's, else "no condition", else one for all."""
    if "condition" not in wells or wells["condition"].isna().all():
        return wells.assign(condition=ALL)
    return wells.assign(condition=wells["condition"].fillna("no condition"))


def growth_figure(
    wells: pd.DataFrame, conditions: list[str] | None = None, *, size: str = "equivalent_diameter"
) -> Plot:
    """Plot the size of every well over time, with the mean and its 95 % confidence interval by condition.

    Parameters
    ----------
    wells : DataFrame
        As `Project.wells()` gives it. Excluded rows, and wells without a size, are not plotted; a censored size
        is an open symbol and enters no mean.
    conditions : list of str, optional
        All of the project, in the order that fixes their colours; by default those of `wells`.
    size : {"equivalent_diameter", "area", "volume_sphere"}
        What is plotted.
    """
    column, title = size_column(wells, size)
    table = with_condition(wells)
    table = table[~table["excluded"].astype(bool) & table["time_h"].notna()]
    figure = Plot(layout=LAYOUT)
    times = np.sort(table["time_h"].unique())
    gap = float(np.diff(times).min()) if len(times) > 1 else 1.0
    styles = condition_styles(conditions or table["condition"])
    for at, (condition, style) in enumerate(styles.items()):
        rows = table[table["condition"] == condition]
        fitted = rows[rows["outcome"].isin(FITTED) & rows[column].notna()]
        shift = (at - (len(styles) - 1) / 2) * min(0.06 * gap, 0.3 * gap / len(styles))
        _points(figure, fitted, column, style, fitted["time_h"] + shift, opened=False)
        _points(
            figure,
            rows[rows["outcome"] == CENSORED],
            column,
            style,
            rows.loc[rows["outcome"] == CENSORED, "time_h"] + shift,
            opened=True,
        )
        if len(fitted):
            summary = fitted.groupby("time_h")[column].apply(_mean_interval).unstack()  # noqa: PD010 - of an index
            _curve(figure, condition, style, summary, wells_of(fitted))
    figure.update_xaxes(title_text="Time (h)", tickvals=times if len(times) <= 12 else None)
    figure.update_yaxes(title_text=title, rangemode="tozero")
    return figure.update_layout(
        title_text="Mean of the wells, band: 95 % CI of the mean, from 3 wells; points: wells, open: at least this size"
    )


def last_size_figure(
    wells: pd.DataFrame, conditions: list[str] | None = None, *, size: str = "equivalent_diameter"
) -> Plot:
    """Plot the sizes at the last time, with mean and 95 % confidence interval by condition.

    Parameters
    ----------
    wells : DataFrame
        As `Project.wells()` gives it; without times, all rows are taken.
    conditions : list of str, optional
        All of the project, in the order that fixes their colours; by default those of `wells`.
    size : {"equivalent_diameter", "area", "volume_sphere"}
        What is plotted.
    """
    column, title = size_column(wells, size)
    table = with_condition(wells)
    table = table[~table["excluded"].astype(bool)]
    last = table["time_h"].max() if table["time_h"].notna().any() else None
    if last is not None:
        table = table[table["time_h"] == last]
    figure = Plot(layout=LAYOUT)
    styles = condition_styles(conditions or table["condition"])
    for at, (condition, style) in enumerate(styles.items()):
        rows = table[table["condition"] == condition]
        fitted = rows[rows["outcome"].isin(FITTED) & rows[column].notna()]
        censored = rows[rows["outcome"] == CENSORED]
        _points(figure, fitted, column, style, at + _spread(len(fitted)), opened=False, size=7)
        _points(figure, censored, column, style, at + _spread(len(censored)), opened=True, size=7)
        if len(fitted):
            mean, low, high, n = _mean_interval(fitted[column])
            figure.add_scatter(
                x=[at + 0.32], y=[mean], mode="markers", name=f"{condition} (n = {wells_of(fitted)} wells)",
                marker={"color": style.colour, "symbol": style.symbol, "size": 10, "line": {"color": "#ffffff", "width": 1}},
                error_y={"type": "data", "array": [_room(high - mean)], "arrayminus": [_room(mean - low)], "thickness": 2, "width": 6},
                hovertemplate=f"{condition}<br>mean %{{y:.4g}}<br>{_interval_text(low, high)}<br>n = {n:g}<extra></extra>",
            )  # fmt: skip
    figure.update_xaxes(
        tickvals=list(range(len(styles))),
        ticktext=list(styles),
        range=[-0.6, len(styles) - 0.4],
        title_text="Condition",
    )
    figure.update_yaxes(title_text=title, rangemode="tozero")
    when = f"At {last:g} h. " if last is not None else ""
    return figure.update_layout(
        title_text=f"{when}Points: wells, open: at least this size; beside them the mean with its 95 % CI, from 3 wells"
    )


def unplotted(wells: pd.DataFrame, size: str = "equivalent_diameter") -> pd.DataFrame:
    """Return the rows that no figure shows, with why: excluded, the outcome, or no pixel size.

    Returns
    -------
    DataFrame
        Columns plate, well, time_h, name, why.
    """
    column, _ = size_column(wells, size)
    why = pd.Series(None, index=wells.index, dtype=object)
    for outcome in wells["outcome"].dropna().unique():
        if outcome not in {MEASURED, ABSENT, CENSORED}:
            why[wells["outcome"] == outcome] = str(outcome).replace("_", " ")
    why[wells["outcome"].isna()] = "not segmented"
    why[why.isna() & wells[column].isna()] = "no pixel size"
    why[wells["excluded"].astype(bool)] = "excluded"
    return wells.assign(why=why)[why.notna()][["plate", "well", "time_h", "name", "why"]].reset_index(drop=True)


def wells_of(rows: pd.DataFrame) -> int:
    """Return how many wells there are in rows of a wells table."""
    return len(rows[["plate", "well"]].drop_duplicates())


def _points(
    figure: Plot,
    rows: pd.DataFrame,
    column: str,
    style: ConditionStyle,
    x: pd.Series | np.ndarray,
    *,
    opened: bool,
    size: int = 5,
) -> None:
    """Add the raw points; hovering names well, time and condition."""
    if rows.empty:
        return
    marker = {"color": style.tint(0.7), "symbol": style.symbol + ("-open" if opened else ""), "size": size}
    least = "at least " if opened else ""
    figure.add_scatter(
        x=x, y=rows[column], mode="markers", marker=marker, showlegend=False,
        customdata=np.column_stack([rows["well"], rows["time_h"], rows["condition"]]),
        hovertemplate=f"%{{customdata[0]}}, %{{customdata[1]}} h, %{{customdata[2]}}<br>{least}%{{y:.4g}}<extra></extra>",
    )  # fmt: skip


def _curve(figure: Plot, condition: str, style: ConditionStyle, summary: pd.DataFrame, n_wells: int) -> None:
    times = summary.index.to_numpy()
    banded = summary[summary["low"].notna()]
    if len(banded) > 1:
        figure.add_scatter(
            x=[*banded.index, *banded.index[::-1]], y=[*banded["high"], *banded["low"][::-1]], fill="toself", mode="none",
            fillcolor=style.tint(0.18), hoverinfo="skip", showlegend=False, legendgroup=condition,
        )  # fmt: skip
    figure.add_scatter(
        x=times, y=summary["mean"], mode="lines+markers", name=f"{condition} (n = {n_wells} wells)", legendgroup=condition,
        line={"color": style.colour, "dash": style.dash, "width": 2}, marker={"symbol": style.symbol, "size": 8},
        customdata=[[_interval_text(row.low, row.high), row.n] for row in summary.itertuples()],
        hovertemplate=f"{condition}, %{{x:g}} h<br>mean %{{y:.4g}}<br>%{{customdata[0]}}<br>n = %{{customdata[1]}}<extra></extra>",
    )  # fmt: skip


def _mean_interval(values: pd.Series) -> pd.Series:
    """Mean and its 95 % confidence interval by Student's t; fewer than `LEAST_WELLS` values have none."""
    n, mean = len(values), float(values.mean())
    half = stats.t.ppf(0.975, n - 1) * values.std() / np.sqrt(n) if n >= LEAST_WELLS else np.nan
    return pd.Series({"mean": mean, "low": mean - half, "high": mean + half, "n": n})


def _interval_text(low: float, high: float) -> str:
    return f"no interval of fewer than {LEAST_WELLS} wells" if np.isnan(low) else f"95 % CI {low:.4g} to {high:.4g}"


def _spread(count: int) -> np.ndarray:
    """Lay points beside each other so that none hides another; the same every time."""
    return (np.arange(count) * 0.618 % 1 - 0.5) * 0.36


def _room(half: float) -> float:
    return 0.0 if np.isnan(half) else half

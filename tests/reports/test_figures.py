"""Figures: what enters a mean, what is drawn, and that a condition looks the same everywhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spheroseg_widgets.reports.figures import growth_figure, last_size_figure, size_column, unplotted
from spheroseg_widgets.reports.template import ALL, condition_styles
from spheroseg_widgets.reports.wells import wells_by_time


def wells(**changed: object) -> pd.DataFrame:
    """Four wells of two conditions at 0 and 24 h, all measured, 100 to 107 um."""
    rows = [
        {"plate": "p", "well": well, "time_h": time, "condition": "control" if well[0] == "A" else "drug"}
        for time in (0.0, 24.0)
        for well in ("A01", "A02", "B01", "B02")
    ]
    table = pd.DataFrame(rows).assign(
        name="x.tif", outcome="measured", excluded=False, reason=None, equivalent_diameter_um=np.arange(100.0, 108.0)
    )
    table["equivalent_diameter_px"] = table["equivalent_diameter_um"] / 2
    return table.assign(**changed)


def curves(figure: object) -> dict[str, dict[str, list[float]]]:
    return {
        trace.name: {"x": list(trace.x), "y": list(trace.y)} for trace in figure.data if trace.mode == "lines+markers"
    }


def points(figure: object) -> list[float]:
    return sorted(
        value for trace in figure.data if trace.mode == "markers" and trace.showlegend is False for value in trace.y
    )


def test_a_curve_is_the_mean_of_the_wells_with_its_n_and_its_points() -> None:
    figure = growth_figure(wells())
    assert curves(figure) == {
        "control (n = 2 wells)": {"x": [0, 24], "y": [100.5, 104.5]},
        "drug (n = 2 wells)": {"x": [0, 24], "y": [102.5, 106.5]},
    }
    assert points(figure) == [100, 101, 102, 103, 104, 105, 106, 107]
    assert figure.layout.yaxis.title.text == "Equivalent diameter (\u00b5m)"
    assert figure.layout.xaxis.title.text == "Time (h)"
    assert "95 % CI" in figure.layout.title.text


def test_the_band_is_the_t_interval_of_the_mean() -> None:
    table = wells()
    third = table[table["well"] == "A01"].assign(
        well="A03", equivalent_diameter_um=lambda t: t["equivalent_diameter_um"] + 5
    )
    band = next(trace for trace in growth_figure(pd.concat([table, third])).data if trace.fill == "toself")
    values = [100, 101, 105]
    half = 4.30265273 * np.std(values, ddof=1) / np.sqrt(3)
    np.testing.assert_allclose([band.y[0], band.y[-1]], [102 + half, 102 - half], rtol=1e-6)


def test_two_wells_have_a_mean_and_no_interval() -> None:
    growth, last = growth_figure(wells()), last_size_figure(wells())
    assert not [trace for trace in growth.data if trace.fill == "toself"]
    assert "fewer than 3 wells" in growth.data[-1].customdata[0][0]
    assert "fewer than 3 wells" in last.data[-1].hovertemplate
    assert last.data[-1].error_y.array == (0.0,)


@pytest.mark.parametrize("outcome", ["not_found", "unusable"])
def test_what_is_missing_is_neither_drawn_nor_averaged_nor_zero(outcome: str) -> None:
    table = wells()
    table.loc[0, ["outcome", "equivalent_diameter_um", "equivalent_diameter_px"]] = [outcome, np.nan, np.nan]
    figure = growth_figure(table)
    assert curves(figure)["control (n = 2 wells)"]["y"] == [101.0, 104.5]
    assert len(points(figure)) == 7
    assert unplotted(table)[["well", "why"]].to_numpy().tolist() == [["A01", outcome.replace("_", " ")]]


def test_a_confirmed_absence_is_a_zero_and_enters_the_mean() -> None:
    table = wells()
    table.loc[0, ["outcome", "equivalent_diameter_um"]] = ["absent", 0.0]
    figure = growth_figure(table)
    assert curves(figure)["control (n = 2 wells)"]["y"] == [50.5, 104.5]
    assert unplotted(table).empty


def test_a_lower_bound_is_an_open_symbol_outside_the_mean() -> None:
    table = wells()
    table.loc[7, "outcome"] = "censored"
    for figure in (growth_figure(table), last_size_figure(table)):
        opened = [trace for trace in figure.data if str(trace.marker.symbol).endswith("-open")]
        assert [list(trace.y) for trace in opened] == [[107.0]]
    assert curves(growth_figure(table))["drug (n = 2 wells)"]["y"] == [102.5, 106.0]


def test_what_is_excluded_is_not_drawn_and_is_named() -> None:
    table = wells()
    table.loc[[4, 5], "excluded"] = True
    assert curves(growth_figure(table))["control (n = 2 wells)"] == {"x": [0], "y": [100.5]}
    assert len(points(last_size_figure(table))) == 2
    assert unplotted(table)["why"].tolist() == ["excluded", "excluded"]


def test_a_condition_looks_the_same_whatever_else_is_drawn() -> None:
    order = ["control", "drug", "other"]
    alone = wells()[lambda table: table["condition"] == "drug"]
    both, one = growth_figure(wells(), order), growth_figure(alone, order)
    colours = [
        {trace.name.split(" (")[0]: (trace.line.color, trace.marker.symbol) for trace in figure.data if trace.name}
        for figure in (both, one)
    ]
    assert colours[0]["drug"] == colours[1]["drug"]
    assert colours[0]["drug"] != colours[0]["control"]
    assert len({(style.colour, style.symbol) for style in condition_styles("abcdefghijklmnop").values()}) == 16


def test_without_a_pixel_size_the_unit_is_px_and_with_some_the_rest_is_named() -> None:
    nowhere = wells(equivalent_diameter_um=np.nan)
    assert size_column(nowhere) == ("equivalent_diameter_px", "Equivalent diameter (px)")
    assert points(growth_figure(nowhere)) == [50, 50.5, 51, 51.5, 52, 52.5, 53, 53.5]
    some = wells()
    some.loc[3, "equivalent_diameter_um"] = np.nan
    assert unplotted(some)["why"].tolist() == ["no pixel size"]


def test_one_well_has_a_mean_and_no_interval() -> None:
    table = wells()[lambda table: table["well"] == "A01"]
    figure = growth_figure(table)
    assert curves(figure) == {"control (n = 1 wells)": {"x": [0, 24], "y": [100, 104]}}
    assert not [trace for trace in figure.data if trace.fill == "toself"]


def test_without_a_plate_map_there_is_one_condition() -> None:
    assert list(curves(growth_figure(wells(condition=None)))) == [f"{ALL} (n = 4 wells)"]


def test_the_last_time_only() -> None:
    figure = last_size_figure(wells())
    assert points(figure) == [104, 105, 106, 107]
    assert {trace.name: trace.y[0] for trace in figure.data if trace.name} == {
        "control (n = 2 wells)": 104.5,
        "drug (n = 2 wells)": 106.5,
    }
    assert figure.layout.title.text.startswith("At 24 h")


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(ValueError, match="there are equivalent_diameter"):
        growth_figure(wells(), size="weight")


def test_the_table_says_why_a_number_is_missing() -> None:
    table = wells()
    table.loc[0, ["outcome", "equivalent_diameter_um"]] = ["not_found", np.nan]
    table.loc[1, "outcome"] = "censored"
    table.loc[2, "excluded"] = True
    table.loc[3, ["outcome", "equivalent_diameter_um"]] = ["absent", 0.0]
    wide = wells_by_time(table)
    assert wide["0 h"].tolist() == ["not found", "\u2265 101", "excluded", 0.0]
    assert wide["24 h"].tolist() == [104.0, 105.0, 106.0, 107.0]
    assert wide.columns.tolist() == ["well", "condition", "0 h", "24 h"]

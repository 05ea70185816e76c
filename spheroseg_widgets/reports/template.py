"""One plotly template for every figure of a project, and the fixed look of its conditions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import plotly.io
from plotly.offline import get_plotlyjs

MIMETYPE = "application/vnd.plotly.v1+json"
OKABE_ITO = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#7f7f7f")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "triangle-down", "pentagon")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
ALL = "all images"
"""What stands for the condition where no plate map was entered."""
TEXT, QUIET, LINE = "#1c1c1c", "#616161", "#d6d6d6"
FONT = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif'
_AXIS = {
    "showline": True, "linecolor": QUIET, "linewidth": 1, "ticks": "outside", "tickcolor": QUIET, "ticklen": 4,
    "gridcolor": LINE, "gridwidth": 0.5, "zeroline": False, "automargin": True, "title": {"standoff": 12, "font": {"size": 13}},
}  # fmt: skip
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 12, "color": TEXT},
        "title": {"font": {"size": 12, "color": QUIET}, "x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "container",
                  "yanchor": "top", "pad": {"t": 8}},
        "paper_bgcolor": "#ffffff", "plot_bgcolor": "rgba(0,0,0,0)", "colorway": list(OKABE_ITO),
        "xaxis": {**_AXIS, "showgrid": False}, "yaxis": _AXIS,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom", "title": {"text": ""}},
        "margin": {"l": 64, "r": 16, "t": 72, "b": 56}, "hoverlabel": {"font": {"size": 11}},
    }
)  # fmt: skip
LAYOUT = {"template": TEMPLATE, "hovermode": "closest", "height": 420}
"""What every figure begins with; the height is in CSS pixels."""
CELL_WIDTH = 840
"""CSS pixels of a figure in a cell."""
CONFIG = {"displaylogo": False, "responsive": True, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}
"""How a figure behaves: no advertisement, no tool that does nothing."""
PAGE_STYLE = """
.js-plotly-plot .main-svg { background: transparent !important; }
.js-plotly-plot .bg { fill: transparent !important; }
.js-plotly-plot text:not(.hovertext text) { fill: var(--sw-text, var(--jp-ui-font-color1, #1c1c1c)) !important; }
.js-plotly-plot .hoverlayer text { fill: #ffffff !important; }
.js-plotly-plot .gridlayer path { stroke: var(--sw-line, var(--jp-border-color2, #d6d6d6)) !important; }
.js-plotly-plot .xlines-above, .js-plotly-plot .ylines-above, .js-plotly-plot .xtick path, .js-plotly-plot .ytick path,
.js-plotly-plot path.xtick, .js-plotly-plot path.ytick { stroke: var(--sw-quiet, var(--jp-ui-font-color2, #616161)) !important; }
"""
"""Style of a page that lets its figures follow light and dark."""


class Plot(go.Figure):  # type: ignore[misc]  # plotly has no types
    """A figure that displays as plotly's own mimetype wherever a cell shows it.

    JupyterLab, Voila and VS Code draw that themselves; plotly's default would put its whole library of 5 MB into
    the notebook beside it. There it has a width: JupyterLab fits what lacks one to its cell whenever the notebook's
    width changes, and takes a cell that is out of sight for 29 pixels high.
    """

    _ipython_display_ = None

    def _repr_mimebundle_(self, *_args: Any, **_options: Any) -> dict[str, Any]:
        described = json.loads(self.to_json())
        described["layout"].setdefault("width", CELL_WIDTH)
        return {MIMETYPE: {**described, "config": CONFIG}}


def figure_html(figure: dict[str, Any] | go.Figure, div_id: str) -> str:
    """Return a figure as HTML that draws itself with the page's plotly.js (see `plotly_script`)."""
    return str(
        plotly.io.to_html(
            figure, include_plotlyjs=False, full_html=False, config=CONFIG, div_id=div_id, validate=False
        )
    )  # fmt: skip


def plotly_script() -> str:
    """Return plotly.js as a script element: once a page, nothing is fetched from anywhere."""
    return f"<script>{get_plotlyjs()}</script>"


_DRAW_LATER = """
(() => {
  const began = Date.now();
  const seen = () => [...document.querySelectorAll(".sw-gallery .sw-picture")].some((one) => one.naturalWidth > 0);
  const draw = () => {
    for (const node of document.querySelectorAll(".sw-figure-later")) {
      const { data, layout, config } = JSON.parse(node.querySelector("script").textContent);
      window.Plotly.newPlot(node.querySelector("div"), data, layout, config);
    }
  };
  const timer = setInterval(() => {
    if (!seen() && Date.now() - began < 20000) return;
    clearInterval(timer);
    const library = document.getElementById("sw-plotly");
    const script = document.createElement("script");
    if (library.dataset.src) {
      script.onload = draw;
      script.src = library.dataset.src;
      document.head.append(script);
    } else {
      script.textContent = library.textContent;
      document.head.append(script);
      draw();
    }
  }, 250);
})();
"""


def later_figure_html(figure: go.Figure, div_id: str) -> str:
    """Return a figure as HTML that waits until the page's widgets are there (see `later_plotly_script`)."""
    described = {**json.loads(figure.to_json()), "config": CONFIG}
    text = json.dumps(described).replace("</", "<\\/")  # the end of a script within a string would end the script
    height = described["layout"]["height"]
    return (
        f'<div class="sw-figure-later"><script type="application/json">{text}</script>'
        f'<div id="{div_id}" style="min-height:{height}px"></div></div>'
    )


def later_plotly_script(address: str | None = None) -> str:
    """Return plotly.js as HTML that runs it, and draws, once the gallery has a picture, after 20 s without one.

    Reading the library holds a page up for seconds; Voila connects its widgets within 4 s or not at all.

    Parameters
    ----------
    address : str, optional
        Where the page's own server has the library, so that a browser keeps it for the next visit; by default it
        stands in the page.
    """
    library = "" if address else get_plotlyjs()
    source = f' data-src="{escape(address)}"' if address else ""
    return f'<script type="text/plain" id="sw-plotly"{source}>{library}</script><script>{_DRAW_LATER}</script>'


@dataclass(frozen=True, slots=True)
class ConditionStyle:
    """How a condition looks in every figure: never told apart by colour alone."""

    colour: str
    symbol: str
    dash: str

    def tint(self, alpha: float) -> str:
        """Return the colour as rgba."""
        red, green, blue = (int(self.colour[at : at + 2], 16) for at in (1, 3, 5))
        return f"rgba({red},{green},{blue},{alpha:g})"


def condition_styles(conditions: Iterable[object]) -> dict[str, ConditionStyle]:
    """Give every condition its colour, symbol and dash.

    Parameters
    ----------
    conditions : iterable
        All of the project, in the order of its plate map, so that a figure of some of them looks as a figure of
        all; what is missing is left out.

    Returns
    -------
    dict
        By condition, in that order.
    """
    names = list(dict.fromkeys(str(name) for name in conditions if pd.notna(name)))
    return {
        name: ConditionStyle(
            OKABE_ITO[at % len(OKABE_ITO)], SYMBOLS[at % len(SYMBOLS)], DASHES[at // 2 % len(DASHES)]
        )
        for at, name in enumerate(names or [ALL])
    }  # fmt: skip

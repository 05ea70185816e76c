"""The static face of a cluster: a line and a table of its workers, where no kernel and no script runs."""

from __future__ import annotations

import html
from typing import Any

from .strings import text

CELL = "padding:2px 12px 2px 0;text-align:left;background:none;border:0"


def static_html(cluster: dict[str, Any]) -> str:
    """Return a state as HTML without scripts; sizes inline, as no style sheet goes with it.

    Parameters
    ----------
    cluster : dict
        Of `cluster_monitor.shown`; empty before anything is known.
    """
    if not cluster:
        return ""
    if cluster["state"] == "none":
        return f"<p>{html.escape(text('cluster.none'))}</p>"
    where = "where_local" if cluster["local"] else "where_given"
    facts = [] if cluster["state"] == "live" else [text(f"cluster.state_{cluster['state']}", reason=cluster["reason"])]
    if cluster["count"]:
        facts += [
            text("cluster.n_workers", n=cluster["count"]),
            text("cluster.tasks", executing=cluster["executing"], ready=cluster["ready"]),
            amount(cluster["memory"]),
        ]
    line = html.escape(", ".join(facts))
    name = html.escape(text(f"cluster.{where}", host=cluster["host"], address=cluster["address"]))
    return (
        '<div style="font:13px/20px system-ui,sans-serif;font-variant-numeric:tabular-nums">'
        f"<b>{name}</b> {line}{_table(cluster)}</div>"
    )


def amount(size: float) -> str:
    """Return a number of bytes to be read: three digits, and a unit of a thousand times the last."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            break
        size /= 1000
    return f"{size:.3g} {unit}" if size < 100 else f"{size:.0f} {unit}"


def _table(cluster: dict[str, Any]) -> str:
    if not cluster["workers"]:
        return ""
    names = ("worker", "cpu", "memory", "at_work", "model")
    head = "".join(
        f'<th style="{CELL};font-weight:400;opacity:.75">{html.escape(text(f"cluster.{name}"))}</th>' for name in names
    )
    rows = "".join(_row(worker) for worker in cluster["workers"])
    more = cluster["count"] - len(cluster["workers"])
    rest = f"<div>{html.escape(text('cluster.more_workers', n=more))}</div>" if more > 0 else ""
    return f'<table style="border-collapse:collapse;margin:4px 0;font:inherit"><tr>{head}</tr>{rows}</table>{rest}'


def _row(worker: dict[str, Any]) -> str:
    limit = worker["memory_limit"]
    memory = amount(worker["memory"])
    models = worker["models"]
    tasks = "at_work_and" if worker["ready"] else "only_at_work" if worker["executing"] else "idle"
    cells = (
        worker["name"],
        text("cluster.percent", percent=round(worker["cpu"])),
        f"{memory} {text('cluster.of_limit', limit=amount(limit))}" if limit else memory,
        text(f"cluster.{tasks}", executing=worker["executing"], ready=worker["ready"]),
        text("cluster.model_unknown") if models is None else ", ".join(models) or text("cluster.no_model"),
    )
    return "<tr>" + "".join(f'<td style="{CELL}">{html.escape(cell)}</td>' for cell in cells) + "</tr>"

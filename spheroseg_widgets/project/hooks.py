"""What other parts fill in: how a run displays, the verb `report`. This layer knows neither widgets nor reports."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

HOOKS: dict[str, Callable[..., Any] | str] = {}
"""By name: a function, or where one lies ("package.module:function"), imported when it is first asked for."""


def register(name: str, function: Callable[..., Any] | str) -> None:
    """Fill a hook; the last one given counts.

    Parameters
    ----------
    name : str
        "display_run" and "display_finetuning" (called with the run or fine-tuning, return a mimebundle or an object
        that displays), "report" (called with the project, the path and the caller's options), "demo_plate" (called with a
        folder, writes the demo plate there and returns it), or "runs_detached" (called with nothing; whether a run goes
        to a dispatcher in a process of its own where the caller does not say).
    function : callable or str
        The function, or "package.module:function" where importing it now would cost too much.
    """
    HOOKS[name] = function


def hook(name: str) -> Callable[..., Any] | None:
    """Return the function of a hook; None where nobody filled it."""
    found = HOOKS.get(name)
    if isinstance(found, str):
        module, _, attribute = found.partition(":")
        function: Callable[..., Any] = getattr(import_module(module), attribute)
        HOOKS[name] = function
        return function
    return found

"""States of training runs on disk: written whole or not at all, read without running code."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from spheroseg_widgets.atomic import write_whole
from spheroseg_widgets.errors import TrainingError


def load_state(path: Path, device: torch.device | None = None) -> dict[str, Any]:
    """Read what a run saved (`last.pt`, `best.pt`); no code in it is run.

    Raises
    ------
    TrainingError
        The file is missing or damaged.
    """
    try:
        state = torch.load(path, map_location=device or "cpu", weights_only=True)
    except FileNotFoundError:
        raise TrainingError(f"{path}: the run has saved nothing yet") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise TrainingError(f"{path}: the saved state is damaged ({first_line(error)})") from error
    if not isinstance(state, dict):
        raise TrainingError(f"{path}: holds no state of a run")
    return state


def save_state(state: dict[str, Any], path: Path) -> None:
    """Write a state, whole or not at all.

    Raises
    ------
    TrainingError
        The file cannot be written, or the disk is full.
    """
    with writing(path):
        write_whole(path, lambda partial: torch.save(state, partial))


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises
    ------
    TrainingError
        The file cannot be written, or the disk is full.
    """
    with writing(path):
        write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_json(path: Path, values: Any) -> None:
    """Write values as JSON, whole or not at all.

    Raises
    ------
    TrainingError
        The file cannot be written, or the disk is full.
    """
    write_text(path, json.dumps(values, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    TrainingError
        The file cannot be read, or holds something else.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: cannot be read ({first_line(error)})") from error
    if not isinstance(values, dict):
        raise TrainingError(f"{path}: holds no description of a run")
    return values


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write into an error that names the file.

    Raises
    ------
    TrainingError
        Instead of what the system or torch said.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:  # torch says RuntimeError where the disk is full
        raise TrainingError(
            f"{path}: cannot be written ({getattr(error, 'strerror', None) or first_line(error)})"
        ) from error


def first_line(error: Exception) -> str:
    """Return what an error says, short enough for a message."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]

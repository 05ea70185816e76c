"""The week's test on a small plate: from the empty project to the table of wells, matched with the truth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WEEK = Path(__file__).parents[2] / "benchmarks" / "week.py"
pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(1200)]


def test_a_small_plate_is_worked_through_in_the_browser_and_agrees_with_its_truth() -> None:
    command = [sys.executable, str(WEEK), "--wells", "8", "--times", "3"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=1100)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "counts that are right" in done.stdout

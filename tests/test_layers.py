"""The house: imports run downward only, and never in a circle. The contracts stand in pyproject.toml."""

from __future__ import annotations

import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
IMPORTED = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.[^"'?]+)""")


def test_imports_run_downward_only() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_no_module_imports_itself_by_way_of_others() -> None:
    found = grimp.build_graph("spheroseg_widgets", cache_dir=None)
    imports = {one: found.find_modules_directly_imported_by(one) for one in found.modules}
    assert sum(map(len, imports.values())) > 1_000
    TopologicalSorter(imports).prepare()  # a CycleError names the circle


def test_no_script_imports_itself_by_way_of_others() -> None:
    files = [file for file in (ROOT / "frontend").rglob("*.ts") if "node_modules" not in file.parts]
    imports = {file: [found(file, name) for name in IMPORTED.findall(file.read_text("utf-8"))] for file in files}
    assert sum(map(len, imports.values())) > 1_000
    TopologicalSorter(imports).prepare()


def found(file: Path, name: str) -> Path:
    target = (file.parent / name).resolve()
    return next(one for one in (target, target.with_name(f"{target.name}.ts"), target / "index.ts") if one.is_file())

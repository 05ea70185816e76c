"""The wheel and the sdist: installed apart from the clone, they carry weights and migrations and do the job."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.timeout(900)
def test_an_installation_segments_away_from_the_clone(tmp_path: Path, three_images: Path, kind: str) -> None:
    build = [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", tmp_path / "dist", ROOT]
    subprocess.run(build, check=True, capture_output=True)
    package = next((tmp_path / "dist").iterdir())
    venv.create(tmp_path / "env", with_pip=True)
    scripts = tmp_path / "env" / "bin"
    # The dependencies of the running environment are lent by a path file: only our own package is installed.
    site = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    lent = next(Path(p) for p in sys.path if p.endswith("site-packages"))
    install = [scripts / "pip", "install", "--quiet", "--no-deps", package]
    subprocess.run([*install, *([] if kind == "wheel" else ["hatchling"])], check=True, capture_output=True)
    (site / "lent.pth").write_text(f"{lent}\n")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"PATH": f"{scripts}:/usr/bin:/bin"}
    where = [scripts / "python", "-c", "import spheroseg_widgets; print(spheroseg_widgets.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert str(site) in found
    command = [scripts / "spheroseg", "segment", three_images, "--out", tmp_path / "out", "--workers", "1"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out" / "masks").glob("*.png"))) == 3

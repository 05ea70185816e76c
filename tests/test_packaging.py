"""The wheel and the sdist: installed apart from the clone, they carry weights and migrations and do the job."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
import venv
from pathlib import Path

import pytest
from servers import free_port, own_folders, serving

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_installation_segments_away_from_the_clone(tmp_path: Path, three_images: Path) -> None:
    # Without being told otherwise it builds the wheel from the sdist: what either lacks is missing in what is installed.
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path / "dist", ROOT]
    subprocess.run(build, check=True, capture_output=True)
    assert len(list((tmp_path / "dist").glob("*.tar.gz"))) == 1
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    scripts = tmp_path / "env" / "bin"
    # The dependencies of the running environment are lent by a path file: only our own package is installed.
    site = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    lent = next(Path(p) for p in sys.path if p.endswith("site-packages"))
    subprocess.run([scripts / "pip", "install", "--quiet", "--no-deps", wheel], check=True, capture_output=True)
    (site / "lent.pth").write_text(f"{lent}\n")
    # No Node, no compiler, nothing but the environment itself.
    environment = own_folders(tmp_path / "home") | {"PATH": str(scripts)}
    environment.pop("PYTHONPATH", None)
    environment["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")  # what lent packages keep outside Python

    def run(*command: object) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return str(done.stdout)

    spheroseg = scripts / "spheroseg"
    assert str(site) in run(scripts / "python", "-c", "import spheroseg_widgets; print(spheroseg_widgets.__file__)")
    run(spheroseg, "segment", three_images, "--out", tmp_path / "out", "--workers", "1")
    assert len(list((tmp_path / "out" / "masks").glob("*.png"))) == 3
    for name, images in (("demo", ()), ("demo of images", ("--images", three_images))):
        run(spheroseg, "demo", "--out", tmp_path / name, *images)
        assert (tmp_path / name / "summary.html").stat().st_size > 20_000
    run(spheroseg, "report", tmp_path / "out" / "project", "-o", tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size > 1_000_000
    port = free_port()
    command = [str(spheroseg), "dashboard", str(tmp_path / "out" / "project"), "--no-browser", "--port", str(port)]
    with serving(command, environment, tmp_path, f"http://127.0.0.1:{port}/voila/static/voila.js") as log:
        address = re.search(r"http://\S+token=\S+", log.read_text())
        assert address is not None, log.read_text()
        with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(address.group()) as page:
            assert "sw-figure-later" in page.read().decode()

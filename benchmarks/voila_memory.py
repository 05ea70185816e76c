"""What a page of Voila with a widget in it takes of memory."""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import copytree

from bare_chromium import Memory, bare_page
from first_light import Bench
from servers import DEBIAN, free_port, own_folders, serving, write_notebook

from spheroseg_widgets.dashboards.serve import SHARE


def memory(
    bench: Bench, name: str, source: str, ready: str, *, walk: str | None = None, shown: Path | None = None
) -> list[Memory]:
    """Return the memory of a page of Voila, before and after something is done in it.

    Parameters
    ----------
    bench : Bench
    name : str
        Of a folder for it.
    source : str
        Of the page's notebook.
    ready : str
        When the page is measured first.
    walk : str, optional
        What is done before it is measured again.
    shown : Path, optional
        A folder of pictures that the page shows.
    """
    home, port = bench.work / name, free_port()
    write_notebook(home / "cells.ipynb", [source])
    if shown is not None:
        copytree(shown, home / "pictures")  # Voila serves nothing that a link leads to
    command = [
        sys.executable, "-m", "voila", "cells.ipynb", "--no-browser", f"--Voila.port={port}", "--Voila.port_retries=0",
        "--Voila.ip=127.0.0.1", "--template=spheroseg", "--Voila.log_level=40",
    ]  # fmt: skip
    executable = str(DEBIAN) if DEBIAN.exists() else bench.browser.browser_type.executable_path
    address = f"http://127.0.0.1:{port}/"
    with (
        serving(command, {**own_folders(home), "JUPYTER_PATH": str(SHARE)}, home, f"{address}voila/static/voila.js"),
        bare_page(executable, address, home / "chromium") as page,
    ):
        page.wait_for(ready)
        held = [page.memory()]
        if walk is not None:
            page.evaluate(walk)
            held.append(page.memory())
        return held

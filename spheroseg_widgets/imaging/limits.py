"""Every limit on what is read or taken in, in one place; each can be set by an environment variable."""

from __future__ import annotations

import os

MAX_PIXELS = int(float(os.environ.get("SPHEROSEG_MAX_PIXELS", "1e9")))
"""Decoded pixels of one plane, read from the header before anything is decoded (1 Gpx)."""

MAX_UPLOAD_FILE_MB = float(os.environ.get("SPHEROSEG_MAX_UPLOAD_FILE_MB", "50"))
"""One file uploaded through the browser, in megabytes; files referenced by path have no such limit."""

MAX_UPLOAD_BATCH_MB = float(os.environ.get("SPHEROSEG_MAX_UPLOAD_BATCH_MB", "500"))
"""All files of one upload through the browser, in megabytes."""

MAX_WHOLE_MB = float(os.environ.get("SPHEROSEG_MAX_WHOLE_MB", "2000"))
"""Memory that decoding one image may take, in megabytes, where its file cannot be read in parts."""

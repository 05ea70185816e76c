"""Models of a folder behind a URL: copied to this machine once, and again when they change there."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
import time
from pathlib import Path

import platformdirs

from spheroseg_widgets.errors import ModelError, SpherosegError
from spheroseg_widgets.imaging import remote
from spheroseg_widgets.imaging.url import Url, refuse_secrets

DESCRIPTION, CARD = "model.json", "README.md"
LOOK_SECONDS = 30.0
"""How long what was found there is taken for what is there."""

_lock = threading.Lock()
_found: dict[Url, tuple[float, list[Path]]] = {}


def descriptions(folder: Url, broken: list[ModelError]) -> list[Path]:
    """Return the descriptions (`model.json`) of the models of a folder, each beside a copy of its files here.

    Parameters
    ----------
    folder : Url
        With a folder for each model, as models lie on a disk.
    broken : list
        Receives why the folder cannot be reached, or a model of it not be copied; the others are.
    """
    with _lock:
        looked, found = _found.get(folder, (0.0, []))
        if found and time.monotonic() - looked <= LOOK_SECONDS:
            return list(found)
        found, before = [], len(broken)
        try:
            refuse_secrets(folder)  # a run names the folder in the store
            names = _names(folder)
        except SpherosegError as error:
            broken.append(ModelError(f"no models from there: {error}"))
            return []
        for name in names:
            try:
                found.append(_copied(folder / name))
            except (SpherosegError, OSError) as error:
                broken.append(ModelError(f"{folder / name}: the model cannot be copied here: {error}"))
        if len(broken) == before:  # else it is tried again the next time
            _found[folder] = time.monotonic(), found
    return list(found)


def _names(folder: Url) -> list[str]:
    if remote.kind(folder) == "missing":  # forgets what was listed a while ago, too
        raise ModelError(f"{folder}: it is not there")
    found = remote.match(folder, f"*/{DESCRIPTION}")
    names = sorted(name.rpartition("/")[0] for name in found)
    return [name for name in names if not name.startswith(".")]


def _copied(model: Url) -> Path:
    text = _bytes(model / DESCRIPTION)
    # By what it is: workers that copy at once, and another edition under the same name, do not meet.
    name = hashlib.sha256(f"{model}\n".encode() + text).hexdigest()[:32]
    kept = Path(platformdirs.user_cache_dir("spheroseg")) / "models" / name
    if (kept / DESCRIPTION).is_file():
        return kept / DESCRIPTION
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=kept.parent))
    try:
        for file in _beside(model / DESCRIPTION, text):
            with remote.local_file(model / file) as copy:
                shutil.copyfile(copy, partial / file)
        if (model_card := remote.text_of(str(model / CARD))) is not None:
            (partial / CARD).write_text(model_card, encoding="utf-8")
        (partial / DESCRIPTION).write_bytes(text)
        try:
            partial.rename(kept)
        except OSError:
            if not (kept / DESCRIPTION).is_file():  # else another process was quicker
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return kept / DESCRIPTION


def _beside(description: Url, text: bytes) -> list[str]:
    """Return the files that a description names; an unreadable one names none, and is told by who reads it here."""
    try:
        weights = json.loads(text)["weights"]
    except (ValueError, KeyError, TypeError):
        return []
    if not weights:
        return []
    if not isinstance(weights, str) or "/" in weights or "\\" in weights or weights.startswith("."):
        raise ModelError(f"{description}: names weights that do not lie beside it ({weights!r})")
    return [weights]


def _bytes(place: Url) -> bytes:
    with remote.local_file(place) as copy:
        return copy.read_bytes()

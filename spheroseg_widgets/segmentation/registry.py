"""Models by name: where they lie, what they are, and loading them with their hash checked."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from spheroseg_widgets.errors import ModelError
from spheroseg_widgets.imaging.url import Place, as_path

from . import remote_models

if TYPE_CHECKING:
    from .network import ResUNet

DEFAULT_MODEL = "resunet-spheroid"
CLASSICAL = "threshold"
NAME = re.compile(r"\w([\w .-]*\w)?")
SEPARATOR = re.escape(os.pathsep)
NAMED_FOLDER = re.compile(
    rf"[A-Za-z][\w+.-]+://[^/{SEPARATOR}]*(?::\d+(?=[/{SEPARATOR}]|$)|:[^/]*@[^/{SEPARATOR}]*)?(?:/[^{SEPARATOR}]*)?|[^{SEPARATOR}]+"
)
"""One of the folders of `SPHEROSEG_MODELS`: the colons of a URL, also before a port, separate none."""
CHECKPOINT_SUFFIXES = (".pth", ".pt", ".tar", ".ckpt")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model without loading it.

    Parameters
    ----------
    name, version : str
        How it is called and which edition it is.
    kind : {"resunet", "original", "threshold"}
        Our weights, a checkpoint of the original platform, or the classical method without weights.
    weights : Path or None
        The weights file.
    sha256 : str
        Of the weights file; of an original checkpoint, computed when it is found; of fitted parameters; empty for
        the classical method as it comes.
    settings : dict
        Network configuration and prediction defaults, as in the model's `model.json`.
    card : Path or None
        The model card.
    folder : str
        Path or URL of the folder of models that it was found in.
    """

    name: str
    version: str
    kind: str
    weights: Path | None
    sha256: str
    settings: dict[str, Any]
    card: Path | None = None
    folder: str = ""

    def load(self) -> ResUNet:
        """Build the network with its weights.

        Raises
        ------
        ModelError
            Missing or damaged weights, or a model that has none.
        """
        from .checkpoint import load_original, load_weights  # noqa: PLC0415 - torch takes a second to import
        from .network import NetworkConfig  # noqa: PLC0415

        if self.weights is None:
            raise ModelError(f"the model {self.name} is a classical method and has no network")
        if self.kind == "original":
            network, found = load_original(self.weights)
            if found != self.sha256:
                raise ModelError(
                    f"{self.weights}: the checkpoint is damaged or was replaced (sha256 {found[:12]}..., expected "
                    f"{self.sha256[:12]}...); add it again"
                )
            return network
        return load_weights(self.weights, NetworkConfig.from_dict(self.settings["network"]), self.sha256)


def model_folders() -> list[Place]:
    """Return the folders that are searched for models, first found wins; those of `SPHEROSEG_MODELS` may be URLs."""
    package = Path(__file__).resolve().parent.parent
    named = NAMED_FOLDER.findall(os.environ.get("SPHEROSEG_MODELS", ""))
    # An installed wheel carries the models inside the package; a clone has them beside it.
    return [*map(as_path, named), user_folder(), package / "_models", package.parent / "models"]


def list_models(broken: list[ModelError] | None = None) -> list[ModelInfo]:
    """Return every model that can be named, without duplicates.

    Parameters
    ----------
    broken : list, optional
        Receives the errors of those whose description cannot be read; the others are found all the same.
    """
    found: dict[str, ModelInfo] = {}
    for info in _all_models(model_folders(), [] if broken is None else broken):
        found.setdefault(info.name, info)
    return list(found.values())


def _all_models(folders: Iterable[Place], broken: list[ModelError]) -> Iterator[ModelInfo]:
    for folder in folders:
        if isinstance(folder, Path):
            there = sorted(folder.glob("[!.]*/model.json"))
        else:
            there = remote_models.descriptions(folder, broken)
        for description in there:
            try:
                yield _read(description, str(folder))
            except ModelError as error:
                broken.append(error)
    yield ModelInfo(CLASSICAL, "1", "threshold", None, "", {})


def find_model(name: str, *, sha256: str = "", folder: str = "") -> ModelInfo:
    """Find a model by name, or take a checkpoint file of the original platform.

    Parameters
    ----------
    name : str
        Of the model, or path of the checkpoint.
    sha256 : str
        Of several models of this name, that with these weights; where there is none, the first one.
    folder : str
        Path or URL of a folder that is searched as well, last.

    Raises
    ------
    ModelError
        No such model; the message lists those there are.
    """
    if name.endswith(CHECKPOINT_SUFFIXES):
        from .checkpoint import weights_sha256  # noqa: PLC0415 - torch takes a second to import

        path = Path(name)
        if not path.is_file():
            raise ModelError(f"{name}: no such checkpoint")
        return ModelInfo(path.name, "", "original", path.resolve(), weights_sha256(path), {})
    broken: list[ModelError] = []
    first: ModelInfo | None = None
    known: set[str] = set()
    for info in _all_models([*model_folders(), *([as_path(folder)] if folder else [])], broken):
        known.add(info.name)
        if info.name == name:
            if sha256 in ("", info.sha256):
                return info
            first = first or info
    if first is None:
        reasons = "".join(f"\n{error}" for error in broken)
        raise ModelError(f"there is no model named {name!r}; known models: {', '.join(sorted(known))}{reasons}")
    return first


def user_folder() -> Path:
    """Return the folder that receives models a user adds."""
    return Path(platformdirs.user_data_dir("spheroseg")) / "models"


def check_name(name: str) -> None:
    """Refuse a name under which a model could not be found.

    Raises
    ------
    ModelError
    """
    if not NAME.fullmatch(name) or name == CLASSICAL or name.endswith(CHECKPOINT_SUFFIXES):
        raise ModelError(
            f"{name!r} cannot be a model's name: letters, digits, dots, dashes and spaces can, but neither {CLASSICAL} nor "
            "a checkpoint's suffix"
        )


def free_name(name: str) -> None:
    """Refuse a name that cannot be a model's or is one already.

    Raises
    ------
    ModelError
    """
    check_name(name)
    if name in {info.name for info in list_models()} or (user_folder() / name).exists():
        raise ModelError(f"there is a model named {name} already; give another name")


@contextmanager
def new_model(name: str) -> Iterator[Path]:
    """Give an empty folder to fill; it becomes the user's model of this name when the block ends well.

    A block that breaks off leaves no half model.

    Raises
    ------
    ModelError
        The name is taken or cannot be one, or the folder cannot be written.
    """
    free_name(name)
    partial = user_folder() / f".{name}.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        partial.rename(user_folder() / name)
    except OSError as error:
        raise ModelError(f"{user_folder() / name}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def add_original(checkpoint: Path, name: str | None = None) -> ModelInfo:
    """Copy a checkpoint of the original platform to where models are found.

    Parameters
    ----------
    checkpoint : Path
        See `checkpoint.load_original`; it is loaded once, so that what is added can be used.
    name : str, optional
        By default the file's name without suffixes.

    Raises
    ------
    ModelError
        Missing, damaged, another network's, or the name is taken or cannot be a folder's.
    """
    from .checkpoint import load_original  # noqa: PLC0415 - torch takes a second to import

    chosen = name if name is not None else checkpoint.name.split(".")[0]
    free_name(chosen)
    network, digest = load_original(checkpoint)
    description = {
        "name": chosen, "version": "1", "kind": "original", "weights": checkpoint.name, "sha256": digest,
        "network": network.config.to_dict(), "defaults": {},
    }  # fmt: skip
    with new_model(chosen) as folder:
        shutil.copyfile(checkpoint, folder / checkpoint.name)
        (folder / "model.json").write_text(json.dumps(description, indent=2) + "\n")
    return find_model(chosen)


def _read(description: Path, folder: str) -> ModelInfo:
    try:
        values = json.loads(description.read_text())
        return ModelInfo(
            name=values["name"],
            version=values["version"],
            kind=values["kind"],
            weights=description.parent / values["weights"] if values["weights"] else None,
            sha256=values["sha256"] if values["weights"] else _digest(values["threshold"]),
            settings=values,
            card=description.parent / "README.md",
            folder=folder,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{description}: not a readable model description ({error})") from error


def _digest(parameters: dict[str, Any]) -> str:
    """Tell fitted parameters apart where there are no weights: a run refuses others of the same name."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()

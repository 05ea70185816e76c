"""Models by name: where they lie, what they are, and loading them with their hash checked."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from spheroseg_widgets.errors import ModelError

if TYPE_CHECKING:
    from .network import ResUNet

DEFAULT_MODEL = "resunet-spheroid"
CLASSICAL = "threshold"
NAME = re.compile(r"\w([\w .-]*\w)?")
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
    """

    name: str
    version: str
    kind: str
    weights: Path | None
    sha256: str
    settings: dict[str, Any]
    card: Path | None = None

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


def model_folders() -> list[Path]:
    """Return the folders that are searched for models, first found wins."""
    package = Path(__file__).resolve().parent.parent
    folders = [Path(part) for part in os.environ.get("SPHEROSEG_MODELS", "").split(os.pathsep) if part]
    folders.append(user_folder())
    # An installed wheel carries the models inside the package; a clone has them beside it.
    folders += [package / "_models", package.parent / "models"]
    return folders


def list_models(broken: list[ModelError] | None = None) -> list[ModelInfo]:
    """Return every model that can be named, without duplicates.

    Parameters
    ----------
    broken : list, optional
        Receives the errors of those whose description cannot be read; the others are found all the same.
    """
    found: dict[str, ModelInfo] = {}
    for folder in model_folders():
        for description in sorted(folder.glob("[!.]*/model.json")):
            try:
                info = _read(description)
            except ModelError as error:
                if broken is not None:
                    broken.append(error)
            else:
                found.setdefault(info.name, info)
    found.setdefault(CLASSICAL, ModelInfo(CLASSICAL, "1", "threshold", None, "", {}))
    return list(found.values())


def find_model(name: str) -> ModelInfo:
    """Find a model by name, or take a checkpoint file of the original platform.

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
    models = {info.name: info for info in list_models(broken)}
    if name not in models:
        reasons = "".join(f"\n{error}" for error in broken)
        raise ModelError(f"there is no model named {name!r}; known models: {', '.join(sorted(models))}{reasons}")
    return models[name]


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


def _read(description: Path) -> ModelInfo:
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
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{description}: not a readable model description ({error})") from error


def _digest(parameters: dict[str, Any]) -> str:
    """Tell fitted parameters apart where there are no weights: a run refuses others of the same name."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()

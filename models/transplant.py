"""Make a network that takes cells twice as large out of another: what it has learned is kept.

    python models/transplant.py --data DATA --from resunet-spheroid --out runs/cells

The shallowest level goes: it costs a CPU most of the time for little of the arithmetic. With `--all-levels` it stays
instead, and every level sees the image at half its former resolution: a quarter of the time. What is new, the first
convolution and the last, is trained for some hundred steps with all else held still, so that the deep levels are not
harmed by it; then `train_resunet_spheroid.py --from` goes on with everything.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from torch import Tensor
from train_resunet_spheroid import domains

from spheroseg_widgets.segmentation.network import NetworkConfig
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.settings import DARKER
from spheroseg_widgets.segmentation.training.model_folder import write_model
from spheroseg_widgets.segmentation.training.trainer import Trainer, TrainingConfig

NEW = ("downs.0.conv1.", "downs.0.adjust_channels.", "final_conv.")


def kept(weights: dict[str, Tensor], levels: int, *, all_levels: bool) -> dict[str, Tensor]:
    """Rename what stays: encoder levels move up by one and the last decoder level is gone, unless all are kept."""
    if all_levels:
        return {key: value for key, value in weights.items() if not key.startswith(NEW)}
    out = {}
    for key, value in weights.items():
        part, _, rest = key.partition(".")
        number, _, tail = rest.partition(".")
        if part == "bottleneck":
            out[key] = value
        elif part == "downs" and int(number) > 0:
            out[f"downs.{int(number) - 1}.{tail}"] = value
        elif (part == "ups" and int(number) < 2 * (levels - 1)) or (part == "attentions" and int(number) < levels - 1):
            out[key] = value
    return {key: value for key, value in out.items() if not key.startswith(NEW)}


def main() -> None:
    """Transplant, train what is new, and write a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--from", dest="base", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--all-levels", action="store_true", help="keep the shallowest level, at half the resolution")
    options = parser.parse_args()
    network = find_model(options.base).load()
    old = network.config
    widths = old.widths if options.all_levels else old.widths[1:]
    new = NetworkConfig(old.in_channels, old.out_channels, widths, old.bottleneck, cell=2 * old.cell)
    config = TrainingConfig(
        steps=options.steps, rate=3e-3, warmup=20, average=0.97, threads=options.threads, network=new, polarity=DARKER
    )
    mixed, _ = domains(options.data, 0.3, config.seed)
    trainer = Trainer(options.out / "run", mixed, config)
    stays = kept(dict(network.state_dict()), len(old.widths), all_levels=options.all_levels)
    trainer.start_from({**trainer.network.state_dict(), **stays})
    for name, parameter in trainer.network.named_parameters():
        parameter.requires_grad_(name.startswith(NEW))
    trainer.run(lambda row: print(row, flush=True) is None)
    write_model(
        options.out / options.out.name,
        options.out.name,
        "1",
        trainer.averaged,
        new,
        {"base": options.base},
        defaults={"polarity": DARKER},
    )


if __name__ == "__main__":
    main()

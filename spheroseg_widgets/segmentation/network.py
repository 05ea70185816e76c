"""ResUNet: residual blocks with squeeze-and-excitation, attention gates on the skips, any widths.

The parameter names follow the original platform's published definition, so that checkpoints trained
there load by key (see `checkpoint.py`). With ``OriginalResUNet`` widths the two are the same network;
our own presets are narrower and put out two maps instead of one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import gcd
from typing import Any

import torch
from torch import Tensor, nn

STRIDE_PER_LEVEL = 2
DROPOUT = 0.1
SQUEEZE = 16
MOST_GROUPS = 32


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Shape of a ResUNet.

    Parameters
    ----------
    in_channels, out_channels : int
        Planes of the input and of the output. Our models read one grey plane and give two logit maps:
        foreground and centre distance (see `targets.py`); the original reads RGB and gives one.
    widths : tuple of int
        Channels of each encoder level, shallow to deep.
    bottleneck : int
        Channels of the deepest block.
    cell : int
        Pixels on a side that the network takes as one place: their values become its channels, and each place puts
        out the logits of its pixels. With 2 the shallow levels, which cost a CPU most for what they compute, have a
        quarter of the places. The original has 1.
    """

    in_channels: int = 1
    out_channels: int = 2
    widths: tuple[int, ...] = (16, 32, 64, 128, 192)
    bottleneck: int = 256
    cell: int = 1

    @property
    def stride(self) -> int:
        """Height and width of an input must be divisible by this."""
        return int(self.cell * STRIDE_PER_LEVEL ** len(self.widths))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NetworkConfig:
        """Build from what `to_dict` gave."""
        return cls(
            in_channels=int(values["in_channels"]),
            out_channels=int(values["out_channels"]),
            widths=tuple(int(w) for w in values["widths"]),
            bottleneck=int(values["bottleneck"]),
            cell=int(values.get("cell", 1)),
        )


ORIGINAL = NetworkConfig(in_channels=3, out_channels=1, widths=(64, 128, 256, 512, 1024), bottleneck=2048)


class SqueezeExcitation(nn.Module):
    """Weigh the channels by what the whole picture holds."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(1, channels // SQUEEZE)
        self.fc = nn.Sequential(
            nn.Linear(channels, hidden, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scale the channels of ``x`` (n, c, h, w)."""
        weights: Tensor = self.fc(x.mean(dim=(2, 3)))
        return x * weights[:, :, None, None]


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with group norm, a residual path, then squeeze-and-excitation."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        groups = gcd(MOST_GROUPS, out_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.gn1 = nn.GroupNorm(groups, out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.gn2 = nn.GroupNorm(groups, out_channels)
        self.dropout = nn.Dropout(DROPOUT)
        self.relu = nn.ReLU(inplace=True)
        # No norm on the residual path, and no parameters at all where the widths agree.
        self.adjust_channels: nn.Module = (
            nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1, bias=False)
        )
        self.se = SqueezeExcitation(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, in, h, w) to (n, out, h, w)."""
        y = self.dropout(self.relu(self.gn1(self.conv1(x))))
        y = self.gn2(self.conv2(y)) + self.adjust_channels(x)
        scaled: Tensor = self.se(self.relu(y))
        return scaled


class AttentionGate(nn.Module):
    """Additive attention: the decoder says where on the skip to look."""

    def __init__(self, gate_channels: int, skip_channels: int, hidden: int) -> None:
        super().__init__()
        self.W_g = nn.Sequential(nn.Conv2d(gate_channels, hidden, 1), nn.BatchNorm2d(hidden))
        self.W_x = nn.Sequential(nn.Conv2d(skip_channels, hidden, 1), nn.BatchNorm2d(hidden))
        self.psi = nn.Sequential(nn.Conv2d(hidden, 1, 1), nn.BatchNorm2d(1), nn.Sigmoid())
        self.relu = nn.ReLU(inplace=True)

    def forward(self, gate: Tensor, skip: Tensor) -> Tensor:
        """Return the skip (n, c, h, w) weighted by attention to it."""
        weighted: Tensor = skip * self.psi(self.relu(self.W_g(gate) + self.W_x(skip)))
        return weighted


class ResUNet(nn.Module):
    """The network. Input (n, in_channels, h, w) with h and w divisible by ``config.stride``; output logits.

    Parameters
    ----------
    config : NetworkConfig
        Widths and planes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.downs = nn.ModuleList()
        channels = config.in_channels * config.cell**2
        for width in config.widths:
            self.downs.append(ResidualBlock(channels, width))
            channels = width
        self.pool = nn.MaxPool2d(2)
        self.bottleneck = ResidualBlock(channels, config.bottleneck)
        channels = config.bottleneck
        # `ups` alternates transposed convolution and block: the original's key layout.
        self.ups = nn.ModuleList()
        self.attentions = nn.ModuleList()
        for width in reversed(config.widths):
            self.ups.append(nn.ConvTranspose2d(channels, width, 2, stride=2))
            self.ups.append(ResidualBlock(2 * width, width))
            self.attentions.append(AttentionGate(width, width, max(1, width // 2)))
            channels = width
        self.final_conv = nn.Conv2d(channels, config.out_channels * config.cell**2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, out_channels, h, w)."""
        skips: list[Tensor] = []
        x = nn.functional.pixel_unshuffle(x, self.config.cell)
        for down in self.downs:
            x = down(x)
            skips.append(x)
            x = self.pool(x)
        x = self.bottleneck(x)
        for level, attention in enumerate(self.attentions):
            x = self.ups[2 * level](x)
            x = torch.cat([attention(x, skips.pop()), x], dim=1)
            x = self.ups[2 * level + 1](x)
        logits: Tensor = nn.functional.pixel_shuffle(self.final_conv(x), self.config.cell)
        return logits


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(p.numel() for p in network.parameters())

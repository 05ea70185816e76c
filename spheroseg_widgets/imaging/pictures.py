"""JPEG, PNG and BMP: header and pixels."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from PIL import Image, ImageOps

from .decoded import grey, iso_time, misnamed, upright
from .pixel_size import choose, opera_candidate
from .planes import FileInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .url import Place

# Our own guard is read from the header; Pillow's would stop below it.
Image.MAX_IMAGE_PIXELS = None

ORIENTATION = 0x0112
PLAIN = {"L", "LA", "RGB", "RGBA", "I", "I;16", "I;16B"}
"""Modes of PNGs whose samples are grey values or colours as they are."""
BAND_PIXELS = 16_000_000
"""Of a decoded image that are copied at a time."""


def probe_picture(stream: IO[bytes], path: Place, kind: str) -> FileInfo:
    """Return what the header of a JPEG, PNG or BMP says."""
    name = str(path)
    deep = kind == "png" and _png_bits(stream) == 16
    with Image.open(stream) as image:
        width, height = image.size
        exif = Image.Image.getexif(image)  # that of PngImageFile decodes the pixels first
        if exif.get(ORIENTATION, 1) >= 5:
            width, height = height, width
        deep = deep or image.mode.startswith("I")
        return FileInfo(
            path=name,
            format=kind,
            size_bytes=0,
            width=width,
            height=height,
            dtype="uint16" if deep else "uint8",
            axes="YX" if len(image.getbands()) == 1 else "YXS",
            lengths=(height, width) if len(image.getbands()) == 1 else (height, width, len(image.getbands())),
            # PNG, JPEG and BMP carry print densities only: never a scale.
            pixel_size=choose(opera_candidate(path)),
            acquired_at=iso_time(str(exif.get(0x0132, ""))),
            warnings=misnamed(name, kind),
        )


def read_picture(name: str, kind: str) -> NDArray[Any]:
    """Decode a JPEG, PNG or BMP: (h, w), upright, grey."""
    with Path(name).open("rb") as stream:
        bits = _png_bits(stream) if kind == "png" else 8
    with Image.open(name) as image:
        # Pillow cuts 16-bit colour down to 8 bits, takes four times as long and holds pixels twice; OpenCV passes over a
        # truncated end.
        deep = bits == 16 and image.mode in {"RGB", "RGBA", "LA"}
        if deep or (bits >= 8 and kind == "png" and image.mode in PLAIN and "transparency" not in image.info):
            decoded = imagecodecs.png_decode(Path(name).read_bytes())
            orientation = Image.Image.getexif(image).get(ORIENTATION, 1)  # as above
            return upright(decoded if decoded.ndim == 2 else grey(decoded), orientation)
        ImageOps.exif_transpose(image, in_place=True)  # what stands upright is not copied
        upright_image: Image.Image = image
        if image.mode in {"P", "PA", "CMYK", "YCbCr", "LAB", "HSV"}:
            upright_image = image.convert("RGB")
        elif image.mode == "1":
            upright_image = image.convert("L")
        data = _samples(upright_image)
    if data.dtype == np.int32:
        data = data.astype(np.uint16)
    return data if data.ndim == 2 else grey(data)


def _samples(image: Image.Image) -> NDArray[Any]:
    """Return the samples of an image (h, w) or (h, w, s); of a large one band by band, or Pillow holds them three times."""
    if image.width * image.height <= BAND_PIXELS:
        return np.asarray(image)
    rows = max(1, BAND_PIXELS // image.width)
    out: NDArray[Any] | None = None
    for top in range(0, image.height, rows):
        bottom = min(image.height, top + rows)
        band = np.asarray(image.crop((0, top, image.width, bottom)))
        if out is None:
            out = np.empty((image.height, *band.shape[1:]), band.dtype)
        out[top:bottom] = band
    assert out is not None
    return out


def _png_bits(stream: IO[bytes]) -> int:
    """Return the bits of a sample; the stream is at its beginning afterwards."""
    head = stream.read(25)
    stream.seek(0)
    return head[24]

"""JPEG, PNG and BMP: header and pixels."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from spheroseg_widgets.errors import ImageError

from .decoded import grey, iso_time, misnamed, upright
from .pixel_size import choose, opera_candidate
from .planes import FileInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .url import Place

# Our own guard is read from the header; Pillow's would stop below it.
Image.MAX_IMAGE_PIXELS = None

ORIENTATION = 0x0112


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
        # Pillow cuts 16-bit colour down to 8 bits; OpenCV keeps it.
        if bits == 16 and image.mode in {"RGB", "RGBA", "LA"}:
            image.load()  # raises where the file is truncated, which OpenCV would pass over
            decoded = cv2.imdecode(np.fromfile(name, np.uint8), cv2.IMREAD_UNCHANGED)
            if decoded is None:
                raise ImageError(name, "cannot be decoded, damaged or truncated")
            return upright(grey(np.asarray(decoded)), image.getexif().get(ORIENTATION, 1))
        turned = ImageOps.exif_transpose(image)
        if turned.mode in {"P", "PA", "CMYK", "YCbCr", "LAB", "HSV"}:
            turned = turned.convert("RGB")
        elif turned.mode == "1":
            turned = turned.convert("L")
        data = np.asarray(turned)
    if data.dtype == np.int32:
        data = data.astype(np.uint16)
    return data if data.ndim == 2 else grey(data)


def _png_bits(stream: IO[bytes]) -> int:
    """Return the bits of a sample; the stream is at its beginning afterwards."""
    head = stream.read(25)
    stream.seek(0)
    return head[24]

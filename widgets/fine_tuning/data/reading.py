"""One picture from one file, or the sentence that says why not."""

from __future__ import annotations

import io
import warnings
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = (
    "JPEG",
    "PNG",
    "GIF",
    "BMP",
    "WEBP",
    "TIFF",
    "PPM",
    "AVIF",
)  # not those that start another program to be read
MOST_PIXELS = 64_000_000  # a telephone's 48 million, and some more
OTHERS = {".heic": "HEIC", ".heif": "HEIC", ".jxl": "JPEG XL", ".dng": "raw", ".cr2": "raw"}
MOST_ELONGATED = (
    50  # width over height, or height over width: a network's resize would blow such a picture up
)
DEEPEST = 65535.0  # of 16 bits
GLANCE = (64, 64)  # a JPEG is decoded no larger than it must be while it is only checked

Image.init()  # Pillow's readers of WEBP and TIFF are not there before
ENDINGS = frozenset(
    ending for ending, name in Image.registered_extensions().items() if name in FORMATS
)  # of pictures' names, in small letters

# Pillow warns of large pictures and odd metadata; here the size is checked and the decoder decides.
warnings.filterwarnings("ignore", module=r"PIL\.")


class UnreadablePicture(ValueError):
    """The file is no usable picture; the message is the reason, without the file's name."""


def is_named_as_a_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in ENDINGS


def read(path: Path) -> Image.Image:
    """The picture in RGB: upright by its EXIF, its first frame, on white where it is transparent.

    Raises UnreadablePicture.
    """
    return _decoded(path, glance=False)


def read_bytes(content: bytes) -> Image.Image:
    """As `read`, of what a file holds. Raises UnreadablePicture."""
    return _decoded(io.BytesIO(content), glance=False)


def check(path: Path) -> None:
    """Decode the whole file and keep nothing. Raises UnreadablePicture."""
    _decoded(path, glance=True)


def _decoded(file: Path | io.BytesIO, glance: bool) -> Image.Image:
    try:
        with Image.open(file, formats=FORMATS) as picture:
            _check_size(*picture.size)
            if glance:
                picture.draft("RGB", GLANCE)
            picture.load()
            return picture if glance else _rgb(picture)
    except UnreadablePicture:
        raise
    except UnidentifiedImageError:
        raise UnreadablePicture(_unknown(file)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadablePicture(
            f"it has more than {MOST_PIXELS / 1e6:.0f} million pixels"
        ) from None
    except OSError as error:
        raise UnreadablePicture(
            f"it cannot be read to its end: {error.strerror or error}"
        ) from None
    except Exception as error:  # a decoder meeting a broken file may raise anything at all
        raise UnreadablePicture(f"it is damaged: {error}") from None


def _unknown(file: Path | io.BytesIO) -> str:
    if _size(file) == 0:
        return "it is empty"
    other = OTHERS.get(file.suffix.lower()) if isinstance(file, Path) else None
    if other:
        return f"it is not a picture of a known format: {other}, which is to be saved as JPEG first"
    return "it is not a picture of a known format"


def _size(file: Path | io.BytesIO) -> int:
    return file.stat().st_size if isinstance(file, Path) else file.getbuffer().nbytes


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise UnreadablePicture(
            f"it has {width * height / 1e6:.0f} million pixels, more than {MOST_PIXELS / 1e6:.0f}"
            " million"
        )
    if max(width, height) > MOST_ELONGATED * min(width, height):
        raise UnreadablePicture(
            f"it is {width} x {height}: more than {MOST_ELONGATED} times as long as wide"
        )


def _rgb(picture: Image.Image) -> Image.Image:
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _deep(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def _deep(picture: Image.Image) -> Image.Image:
    """Of more than 8 bits, which a plain conversion would clip at 255: 16 bits as a share of their
    largest; numbers that are larger, or no whole ones, from their least to their largest.
    """
    values = np.asarray(picture.convert("F"), dtype=np.float64)
    values = np.where(np.isfinite(values), values, 0.0)
    low, high = 0.0, DEEPEST
    if picture.mode == "F" or values.max() > DEEPEST or values.min() < 0:
        low, high = float(values.min()), float(values.max())
    share = (values - low) / max(high - low, np.finfo(float).tiny)
    return Image.fromarray((255 * share).astype(np.uint8))

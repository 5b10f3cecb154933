"""One picture from one file, or the sentence that says why not."""

from __future__ import annotations

import io
import warnings
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = (
    "JPEG",
    "PNG",
    "GIF",
    "BMP",
    "WEBP",
    "TIFF",
    "PPM",
)  # not those that start another program to be read
MOST_PIXELS = 40_000_000
MOST_ELONGATED = (
    50  # width over height, or height over width: a network's resize would blow such a picture up
)
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
        raise UnreadablePicture(
            "it is empty" if _size(file) == 0 else "it is not a picture of a known format"
        ) from None
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
    if picture.mode.startswith("I"):  # 16 bits; a plain conversion would clip them at 255
        picture = picture.convert("I").point(lambda value: value / 257).convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")

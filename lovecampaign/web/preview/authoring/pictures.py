"""Stores a picture of any camera as a letter can show it: 1,200 pixels wide, upright, without EXIF.

A letter is 600 pixels wide, and phones have two pixels or more for each. EXIF tells where a photo
was taken.
"""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lovecampaign.core.errors import UsageError

FOLDER = "images"
MAX_WIDTH = 1_200
MAX_BYTES = 50_000_000
#: LC277 warns of more.
_LIGHT_BYTES = 200_000
_QUALITIES = (85, 75, 65)
_EXPORT = "save it as a JPEG or PNG in the program that shows it, and drop that"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """A picture in the campaign's folder."""

    #: Relative to the campaign's folder, as letters name it.
    path: str
    width: int
    height: int
    size: int


def store_picture(folder: Path, name: str, file: BinaryIO) -> StoredPicture:
    """Write the picture into ``images/`` of the campaign; no file is overwritten.

    Raises UsageError for a file that is no picture, or one that letters cannot show.
    """
    content, width, height, ending = _prepare(file)
    target = folder / FOLDER
    target.mkdir(exist_ok=True)
    path = _write(target, _plain_name(name), ending, content)
    return StoredPicture(
        path=f"{FOLDER}/{path.name}", width=width, height=height, size=len(content)
    )


def _prepare(file: BinaryIO) -> tuple[bytes, int, int, str]:
    """Content, width, height and the ending of its name."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(file) as opened:
            if getattr(opened, "is_animated", False):
                return _keep_animation(file, opened.format or "", opened.width, opened.height)
            image = ImageOps.exif_transpose(opened)
            image.thumbnail((MAX_WIDTH, image.height))
            has_alpha = image.has_transparency_data
            flat = image.convert("RGBA" if has_alpha else "RGB")
            is_drawing = opened.format in ("PNG", "GIF")
    except UnidentifiedImageError as error:
        raise UsageError("this is no picture that can be read here", hint=_EXPORT) from error
    except Image.DecompressionBombError as error:
        raise UsageError("this picture has too many pixels", hint=_EXPORT) from error
    except (OSError, ValueError, SyntaxError) as error:  # as Pillow reports damaged files
        raise UsageError("this picture is damaged", hint=_EXPORT) from error
    if has_alpha or is_drawing:
        drawn = _encode(flat, "PNG", optimize=True)
        if has_alpha or len(drawn) <= _LIGHT_BYTES:
            return drawn, flat.width, flat.height, ".png"
    for quality in _QUALITIES:
        content = _encode(flat, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(content) <= _LIGHT_BYTES:
            break
    return content, flat.width, flat.height, ".jpg"


def _keep_animation(
    file: BinaryIO, kind: str, width: int, height: int
) -> tuple[bytes, int, int, str]:
    if kind != "GIF" or width > MAX_WIDTH:
        raise UsageError(
            "this is an animation that cannot be scaled here",
            hint=f"save it as a GIF of at most {MAX_WIDTH:,} pixels, and drop that",
        )
    file.seek(0)
    return file.read(), width, height, ".gif"


def _encode(image: object, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)  # type: ignore[attr-defined]
    return written.getvalue()


def _plain_name(name: str) -> str:
    """A name without blanks, accents and signs, which every mail program can load."""
    stem = unicodedata.normalize("NFKD", Path(name.replace("\\", "/")).stem)
    plain = re.sub(r"[^a-z0-9]+", "-", stem.encode("ascii", "ignore").decode().lower())
    return plain.strip("-")[:60] or "picture"


def _write(folder: Path, stem: str, ending: str, content: bytes) -> Path:
    """Under the first free name; the same picture is stored once."""
    number = 1
    while True:
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{ending}"
        try:
            with path.open("xb") as opened:
                opened.write(content)
        except FileExistsError:
            if path.is_file() and path.read_bytes() == content:
                return path
            number += 1
        else:
            return path

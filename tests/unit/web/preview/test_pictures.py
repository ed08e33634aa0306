"""Pictures as letters can show them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from lovecampaign.core.errors import UsageError
from lovecampaign.web.preview.authoring.pictures import store_picture


def encoded(image: Image.Image, kind: str, **options: object) -> io.BytesIO:
    written = io.BytesIO()
    image.save(written, kind, **options)
    written.seek(0)
    return written


def photo(width: int = 2400, height: int = 1600, **options: object) -> io.BytesIO:
    gradient = Image.linear_gradient("L").resize((width, height))
    return encoded(Image.merge("RGB", (gradient, gradient, gradient)), "JPEG", **options)


def test_a_photo_is_scaled_turned_upright_and_loses_its_place(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    stored = store_picture(tmp_path, "Café au lait (1).JPG", photo(exif=exif))

    assert stored.path == "images/cafe-au-lait-1.jpg"
    assert (stored.width, stored.height) == (1200, 1800)
    with Image.open(tmp_path / stored.path) as seen:
        assert seen.size == (1200, 1800)
        assert not dict(seen.getexif())
    assert stored.size <= 200_000


def test_a_small_picture_stays_small(tmp_path: Path) -> None:
    stored = store_picture(tmp_path, "small.jpg", photo(300, 200))
    assert (stored.width, stored.height) == (300, 200)


@pytest.mark.parametrize(
    ("kind", "mode", "ending"),
    [
        ("WEBP", "RGB", ".jpg"),
        ("WEBP", "RGBA", ".png"),
        ("PNG", "P", ".png"),
        ("TIFF", "L", ".jpg"),
    ],
)
def test_other_kinds_become_what_every_mail_program_shows(
    tmp_path: Path, kind: str, mode: str, ending: str
) -> None:
    stored = store_picture(tmp_path, "x", encoded(Image.new(mode, (40, 30)), kind))
    assert Path(stored.path).suffix == ending


def test_the_same_picture_is_stored_once_and_another_gets_a_number(tmp_path: Path) -> None:
    names = [
        store_picture(tmp_path, "pic.jpg", photo(width, 100)).path for width in (100, 100, 120)
    ]
    assert names == ["images/pic.jpg", "images/pic.jpg", "images/pic-2.jpg"]


def test_an_animation_moves_on_or_is_refused(tmp_path: Path) -> None:
    def frames(width: int) -> io.BytesIO:
        first, second = (Image.new("L", (width, 9), color) for color in (0, 255))
        return encoded(first, "GIF", save_all=True, append_images=[second], duration=90)

    stored = store_picture(tmp_path, "moves.gif", frames(50))
    assert (tmp_path / stored.path).read_bytes() == frames(50).read()
    with pytest.raises(UsageError, match="animation"):
        store_picture(tmp_path, "wide.gif", frames(1300))


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"<svg></svg>", photo().read()[:3000]])
def test_what_is_no_picture_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UsageError, match="picture"):
        store_picture(tmp_path, "../../etc/passwd", io.BytesIO(content))
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("name", ["../../up.png", "..\\up.png", "/root/up.png", "up"])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    stored = store_picture(tmp_path, name, encoded(Image.new("RGB", (9, 9)), "PNG"))
    assert stored.path == "images/up.png"


def test_a_name_without_plain_letters_gets_one(tmp_path: Path) -> None:
    stored = store_picture(tmp_path, "写真.png", encoded(Image.new("RGB", (9, 9)), "PNG"))
    assert stored.path == "images/picture.png"

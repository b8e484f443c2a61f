"""Files of strangers: what is in them decides, images are drawn anew, nothing grows without bound."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from applications import uploads
from applications.uploads import JPEG, LARGEST_FILE, LONGEST_SIDE, PDF, clean_upload

A_PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
PLACE = "56.9496, 24.1052"


def image(form: str = "JPEG", *, size: tuple[int, int] = (40, 30), mode: str = "RGB", **how: Any) -> bytes:
    written = BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else 0).save(written, form, **how)
    return written.getvalue()


def opened(content: bytes) -> Image.Image:
    found = Image.open(BytesIO(content))
    found.load()
    return found


def refused(content: bytes) -> str:
    with pytest.raises(ValidationError) as caught:
        clean_upload(content)
    assert caught.value.__context__ is None  # a decoder's error may quote the file
    return str(caught.value.code)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, data: bytes) -> bytes:
    """A PNG that claims this size, whatever it holds."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def test_pdf_is_kept_as_it_came():
    assert clean_upload(A_PDF) == uploads.Upload(PDF, A_PDF)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_picture_is_kept_as_a_jpeg(form):
    found = clean_upload(image(form))
    assert found.media_type == JPEG
    assert (opened(found.content).format, opened(found.content).size) == ("JPEG", (40, 30))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode):
    assert opened(clean_upload(image("PNG", mode=mode)).content).mode == "RGB"


@pytest.mark.parametrize("mode", ["L", "CMYK", "YCbCr"])
def test_every_kind_of_jpeg_is_read(mode):
    assert opened(clean_upload(image(mode=mode)).content).mode == "RGB"


def test_what_is_transparent_is_white_as_paper():
    assert opened(clean_upload(image("PNG", mode="RGBA")).content).getpixel((1, 1)) == (255, 255, 255)


def test_place_and_device_that_a_camera_wrote_down_stay_behind():
    exif = Image.Exif()
    exif[0x010F] = "canary camera"
    exif[0x9286] = PLACE
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", PLACE)
    for content in (
        image(exif=exif, comment=PLACE.encode(), icc_profile=b"canary" * 50),
        image("PNG", pnginfo=text, exif=exif),
    ):
        assert b"canary" in content or PLACE.encode() in content
        drawn = clean_upload(content).content
        assert b"canary" not in drawn
        assert PLACE.encode() not in drawn


def test_picture_taken_sideways_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(clean_upload(image(exif=exif)).content).size == (30, 40)


def test_large_picture_is_made_smaller_and_stays_legible():
    found = opened(clean_upload(image(size=(6000, 3000))).content)
    assert found.size == (LONGEST_SIDE, LONGEST_SIDE // 2)


# --- attacks ---


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"GIF89a" + b"\0" * 100,
        image("GIF"),
        image("BMP"),
        image("WEBP"),
        image("TIFF"),
        b"PK\x03\x04" + b"\0" * 100,
        b"MZ" + b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%!PS-Adobe-3.0\n",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        image()[:-200] if len(image()) > 400 else image()[:100],
        b"%PDF-1.7\nno end",
    ],
)
def test_file_of_another_kind_is_refused_whatever_it_is_called(content):
    assert refused(content) == "unreadable"


def test_empty_file_is_refused():
    assert refused(b"") == "empty"


def test_pdf_behind_something_else_is_no_pdf():
    assert refused(b"<html><script>alert(1)</script>" + A_PDF) == "unreadable"
    assert refused(b"GIF89a" + A_PDF) == "unreadable"


@pytest.mark.parametrize("tail", [b"<script>canary</script>", A_PDF + b"canary", b"PK\x03\x04canary"])
def test_what_hangs_on_a_picture_falls_off(tail):
    drawn = clean_upload(image() + tail).content
    assert b"canary" not in drawn
    assert b"%PDF" not in drawn


def test_file_over_the_cap_is_refused_unread():
    assert refused(A_PDF[:9] + b" " * LARGEST_FILE + b"%%EOF") == "too_large"
    assert refused(b"\0" * (LARGEST_FILE + 1)) == "too_large"


@pytest.mark.parametrize("size", [(50_000, 50_000), (1, 100_000_000), (6001, 5000)])
def test_picture_that_claims_billions_of_dots_is_not_drawn(size):
    bomb = png_of(*size, zlib.compress(b"\0" * 1_000_000))
    assert len(bomb) < 10_000
    assert refused(bomb) == "unreadable"


def test_text_that_inflates_without_end_is_refused():
    bomb = zlib.compress(b"\0" * 200_000_000)
    head = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    text = png_chunk(b"zTXt", b"Comment\0\0" + bomb)
    body = png_chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + png_chunk(b"IEND", b"")
    assert refused(head + text + body) == "unreadable"


def test_picture_that_grows_when_drawn_is_refused(monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_FILE", 700)
    content = image(size=(300, 300), quality=1)
    monkeypatch.setattr(uploads, "LARGEST_FILE", len(content))
    assert refused(content) == "too_large"


@given(st.binary(max_size=400), st.sampled_from([b"", b"%PDF-", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"]))
def test_any_bytes_are_a_file_that_may_be_kept_or_are_refused(content, beginning):
    try:
        found = clean_upload(beginning + content)
    except ValidationError:
        return
    assert found.media_type in uploads.MEDIA_TYPES
    assert found.content.startswith((b"%PDF-", b"\xff\xd8\xff"))


def test_contents_are_in_no_representation():
    assert "Catalog" not in repr(clean_upload(A_PDF))

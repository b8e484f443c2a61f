"""Files that people give us: judged by what is in them, images drawn anew. Nothing is written to a disk.

A PDF is recognised and bounded, not opened: it is passed on and stored as it came, and shown by no page.
"""

import threading
from dataclasses import dataclass, field
from io import BytesIO

from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

PDF, JPEG = "application/pdf", "image/jpeg"
MEDIA_TYPES = frozenset({PDF, JPEG})  # what comes out; PNG is taken in and becomes JPEG
ACCEPTED = (PDF, JPEG, "image/png")

MEGABYTE = 1024 * 1024
LARGEST_FILE = 5 * MEGABYTE
MOST_PIXELS = 30_000_000  # a bomb of few bytes may claim billions
LONGEST_SIDE = 3508  # A4 at 300 dots an inch: small print stays legible
QUALITY = 85
TOO_LARGE = format_lazy(
    _("This file is too large. A file may have {most} MB at most."), most=LARGEST_FILE // MEGABYTE
)
# A drawn image takes up to four bytes a pixel: one at a time in a process bounds what uploads can use.
_drawing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Upload:
    """A file fit to be stored and passed on: its own name is not kept."""

    media_type: str
    content: bytes = field(repr=False)


def clean_upload(content: bytes) -> Upload:
    """What may be kept of a file. Raises ValidationError with a sentence for whoever gave it."""
    if len(content) > LARGEST_FILE:
        raise ValidationError(TOO_LARGE, code="too_large")
    if not content:
        raise ValidationError(_("This file is empty."), code="empty")
    if _is_pdf(content):
        return Upload(PDF, content)
    return Upload(JPEG, _drawn_anew(content))


def _is_pdf(content: bytes) -> bool:
    """Begins and ends as a PDF does; readers forgive more, and what else a file may be hides in that."""
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]


def _drawn_anew(content: bytes) -> bytes:
    """The picture alone, as a JPEG: what was beside it (a place, a device, another file) stays behind."""
    drawn = None
    try:
        with _drawing, Image.open(BytesIO(content), formats=("JPEG", "PNG")) as image:
            if image.width * image.height <= MOST_PIXELS:
                drawn = _redraw(image)
    except Exception:  # noqa: S110 - decoders raise anything on what is broken; each means no
        pass
    if drawn is None:  # raised here: the library's error may quote the file
        raise ValidationError(
            _("This is no PDF, JPEG or PNG file that we can read. Save it as one of these and choose it."),
            code="unreadable",
        )
    if len(drawn) > LARGEST_FILE:
        raise ValidationError(TOO_LARGE, code="too_large")
    return drawn


def _redraw(image: Image.Image) -> bytes:
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(paper, upright)
    plain = Image.new("RGB", upright.size)
    plain.paste(upright.convert("RGB"))  # into an image without anything beside it
    written = BytesIO()
    plain.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()

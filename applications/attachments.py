"""Files that are handed out to be saved: no browser shows them, whatever they say they are."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

BYTES = "application/octet-stream"


def attachment(content: bytes | str, name: str, kind: str = BYTES) -> HttpResponse:
    """An answer that a browser saves under this name."""
    return HttpResponse(
        content,
        content_type=f"{kind}; charset=utf-8" if isinstance(content, str) else kind,
        headers={"Content-Disposition": str(content_disposition_header(True, name))},
    )

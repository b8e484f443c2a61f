"""The published notices say what the map says."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from privacy.checks.tag import TAG
from privacy.notices import NoticeTextError, outdated


@register(TAG)
def check_notices(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """The newest edition of each notice says what its source says with the data map as it is."""
    if not all(_is_compiled(language) for language in ("lv", "ru")):
        sentence = "The catalogues of texts are not compiled, so the notices were not checked."
        return [Warning(sentence, hint="Run make catalogues.", id="privacy.W001")]
    try:
        stale = outdated()
    except NoticeTextError as error:
        return [Error(str(error), id="privacy.E018")]
    return [
        Error(
            f"{path.parent.name}/{path.name} and the data map say something else than the newest edition.",
            hint="Write a new edition with manage.py write_notices, read it, and publish it.",
            id="privacy.E018",
        )
        for path in stale
    ]


def _is_compiled(language: str) -> bool:
    texts = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"
    compiled = texts.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime >= texts.stat().st_mtime

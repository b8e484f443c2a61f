"""What every page needs: who we are, in which languages, and whether a consumer is signed in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse, translate_url
from django.utils.translation import get_language

from applications.contacts import PRODUCT
from applications.models import ContactRole
from applications.selectors.contacts import contact

LANGUAGE_NAMES = {"lv": "Latviešu", "en": "English", "ru": "Русский"}


def site(request: HttpRequest) -> dict[str, Any]:
    """The `site` variable of every template."""
    path, current = request.get_full_path(), get_language()
    return {
        "site": {
            "name": PRODUCT,
            "controller": contact(ContactRole.CONTROLLER),
            "authority": contact(ContactRole.AUTHORITY),
            "is_staff_area": request.path.startswith(reverse("admin:index")),
            "consumer": getattr(request, "consumer", None),
            "development": settings.DEVELOPMENT,
            "language_links": [
                {
                    "code": code,
                    "name": LANGUAGE_NAMES[code],
                    "url": translate_url(path, code),
                    "current": code == current,
                }
                for code, _ in settings.LANGUAGES
            ],
        }
    }

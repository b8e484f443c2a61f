"""The whole product over ASGI: pages and live events."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "joinbaltic.settings")

application = get_asgi_application()

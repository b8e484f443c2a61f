"""Pages over WSGI, for production: live events are served by the ASGI application beside it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "joinbaltic.settings")

application = get_wsgi_application()

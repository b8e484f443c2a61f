"""Our own files (styles, pictures, scripts), from the web process."""

import io
from contextlib import closing
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise for an asynchronous server.

    Its answers are made to be read piece by piece. Under an asynchronous server Django reads them whole all
    the same, and warns each time; so they are read here. Our files are small.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        answer = static_file.get_response(request.method, request.META)
        with closing(answer.file or io.BytesIO()) as file:
            response = HttpResponse(file.read(), status=answer.status)
        del response["Content-Type"]  # Django's own guess
        for name, value in answer.headers:
            response[name] = value
        return response

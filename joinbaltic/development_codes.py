"""Codes for the second factor of the demo accounts, to read in development. Everybody knows their secret."""

import time

import pyotp
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from applications.management.commands.load_demo_staff import DEMO_STAFF, DEMO_TOTP_SECRET


@never_cache
@require_safe
def codes(request: HttpRequest) -> HttpResponse:
    """The code that counts now; the page comes anew with the next one."""
    totp = pyotp.TOTP(DEMO_TOTP_SECRET)
    now = int(time.time())
    left = totp.interval - now % totp.interval
    context = {"code": totp.at(now), "left": left, "names": list(DEMO_STAFF), "secret": DEMO_TOTP_SECRET}
    response = render(request, "development_codes.html", context)
    response["Refresh"] = str(left)
    return response

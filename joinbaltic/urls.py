"""The map of addresses: pages under their language, the rest at the root."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from joinbaltic import health
from privacy.portability_api import published_keys

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("", RedirectView.as_view(url=f"/{settings.LANGUAGE_CODE}/"), name="root"),
    path("admin/", admin.site.urls),
    path("api/lenders/v1/", include("lenders.api_urls")),
    path("portability/v1/", include("privacy.portability_urls")),
    path(".well-known/jwks.json", published_keys, name="jwks"),
]
if settings.DEVELOPMENT:
    from joinbaltic import development_codes, development_mail, development_privacy_mail

    urlpatterns += [
        path("dev/mail/", development_mail.mailbox, name="development-mail"),
        path("dev/codes/", development_codes.codes, name="development-codes"),
    ]
    if settings.PRIVACY_MAILBOX is None:
        urlpatterns += [
            path("dev/privacy-mail/", development_privacy_mail.privacy_mail, name="development-privacy-mail"),
        ]

urlpatterns += i18n_patterns(
    path("notices/", include("privacy.urls")),
    path("letters/", include("privacy.letter_urls")),
    path("my-data/", include("privacy.my_data_urls")),
    path("", include("applications.urls")),
    path("", include("lenders.urls")),
)

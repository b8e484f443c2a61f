from django.urls import path

from applications.views import fresh_code, pages, sign_in, steps

app_name = "applications"

urlpatterns = [
    path("", pages.home, name="home"),
    path("start/", sign_in.start, name="start"),
    path("start/code/", sign_in.code, name="code"),
    path("sign-out/", sign_in.leave, name="sign_out"),
    path("apply/", steps.resume, name="resume"),
    path("apply/new/", steps.begin, name="begin"),
    path("apply/check/", steps.check, name="check"),
    path("apply/<slug:slug>/", steps.step, name="step"),
    path("account/", pages.account, name="account"),
    path("account/code/", fresh_code.fresh_code, name="fresh_code"),
    path("account/seen/", pages.seen, name="seen"),
    path("account/consents/<uuid:consent_id>/withdraw/", pages.withdraw, name="withdraw"),
]

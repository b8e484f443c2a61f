from django.urls import path, re_path

from lenders.callback_docs import CallbackApi
from lenders.callbacks import CallbackView, NothingHere

app_name = "lender-api"

urlpatterns = [
    path("openapi.json", CallbackApi.as_view(), name="openapi"),
    path("<slug:slug>/callbacks/", CallbackView.as_view(), name="callbacks"),
    re_path("", NothingHere.as_view()),
]

from django.urls import path

from lenders.callbacks import CallbackView

app_name = "lender-api"

urlpatterns = [path("<slug:slug>/callbacks/", CallbackView.as_view(), name="callbacks")]

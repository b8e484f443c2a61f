"""Addresses for programs of other controllers, below /portability/v1/."""

from django.urls import path

from privacy import portability_api as views

app_name = "portability"
urlpatterns = [
    path("transfers", views.Transfers.as_view(), name="transfers"),
    path("schema.json", views.published_schema, name="schema"),
    path("openapi.json", views.description, name="openapi"),
]

"""Addresses of a person's own pages about their data, below /<language>/my-data/."""

from django.urls import path

from privacy.views import my_data as views

app_name = "my_data"
urlpatterns = [
    path("", views.index, name="index"),
    path("copy/", views.copy, name="copy"),
    path("erasure/", views.erasure, name="erasure"),
    path("<uuid:request_id>/", views.package, name="package"),
    path("<uuid:request_id>/data.<slug:ending>", views.download, name="download"),
    path("<uuid:request_id>/files/<str:name>", views.attachment, name="attachment"),
    path("<uuid:request_id>/withdraw/", views.withdraw, name="withdraw"),
    path("<uuid:request_id>/answer/", views.answer, name="answer"),
]

"""Addresses of the notices, below /<language>/notices/: privacy/1/ is a version's lasting one."""

from django.urls import path

from privacy.views import notices as views

app_name = "notices"
urlpatterns = [
    path("", views.index, name="index"),
    path("recipients/", views.recipients, name="recipients"),
    path("<slug:kind>/", views.current, name="current"),
    path("<slug:kind>/<int:number>/", views.version, name="version"),
    path("<slug:kind>/<int:older>-<int:newer>/", views.compare, name="compare"),
]

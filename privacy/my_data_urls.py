"""Addresses of a person's own pages about their data, below /<language>/my-data/."""

from django.urls import path

from privacy.views import address, elsewhere, my_rights
from privacy.views import my_data as views

app_name = "my_data"
urlpatterns = [
    path("", views.index, name="index"),
    path("copy/", views.copy, name="copy"),
    path("erasure/", views.erasure, name="erasure"),
    path("elsewhere/", elsewhere.elsewhere, name="elsewhere"),
    path("elsewhere/pass-on/", elsewhere.pass_on, name="pass_on"),
    path("brought/<uuid:arrival_id>/", elsewhere.arrival, name="arrival"),
    path("<uuid:request_id>/file/", elsewhere.file, name="file"),
    path("<uuid:request_id>/file/data.<slug:ending>", elsewhere.download, name="download_file"),
    path("correction/", my_rights.corrections, name="corrections"),
    path("correction/<uuid:application_id>/<slug:slug>/", my_rights.correction, name="correction"),
    path("correction/address/", address.address, name="address"),
    path("correction/address/code/", address.address_code, name="address_code"),
    path("restriction/", my_rights.restriction, name="restriction"),
    path("restriction/<uuid:restriction_id>/end/", my_rights.end_restriction, name="end_restriction"),
    path("objection/", my_rights.objection, name="objection"),
    path("objection/<slug:about>/end/", my_rights.take_objection_back, name="take_objection_back"),
    path("review/", my_rights.review, name="review"),
    path("<uuid:request_id>/complain/", my_rights.complain, name="complain"),
    path("<uuid:request_id>/papers/", my_rights.papers, name="papers"),
    path("<uuid:request_id>/papers.zip", my_rights.papers_file, name="papers_file"),
    path("<uuid:request_id>/", views.package, name="package"),
    path("<uuid:request_id>/data.<slug:ending>", views.download, name="download"),
    path("<uuid:request_id>/files/<str:name>", views.attachment, name="attachment"),
    path("<uuid:request_id>/withdraw/", views.withdraw, name="withdraw"),
    path("<uuid:request_id>/answer/", views.answer, name="answer"),
]

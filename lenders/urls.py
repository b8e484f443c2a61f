from django.urls import path

from lenders.views import events, more, offers, send

app_name = "lenders"

urlpatterns = [
    path("send/", send.send, name="send"),
    path("applications/<uuid:application_id>/", offers.offers, name="offers"),
    path("applications/<uuid:application_id>/fragment/", offers.fragment, name="fragment"),
    path("applications/<uuid:application_id>/events/", events.events, name="events"),
    path("applications/<uuid:application_id>/choose/<uuid:offer_id>/", offers.choose, name="choose"),
    path("applications/<uuid:application_id>/more/<uuid:submission_id>/", more.more, name="more"),
]

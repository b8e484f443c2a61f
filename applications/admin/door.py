"""The addresses of the staff's door."""

from django.urls import path

from applications.views.staff_door import log_in, log_out, second_factor, site
from applications.views.staff_enrolment import enrol, enrol_app, enrol_passkey
from applications.views.staff_proof import prove_again
from applications.views.staff_security import change_password, security

# Open to strangers: each looks itself at how far somebody has come.
OPEN = [
    path("login/", log_in, name="login"),
    path("logout/", log_out, name="logout"),
    path("second-factor/", second_factor, name="second_factor"),
    path("enrol/", enrol, name="enrol"),
    path("enrol/app/", enrol_app, name="enrol_app"),
    path("enrol/passkey/", enrol_passkey, name="enrol_passkey"),
]
INSIDE = [
    path("prove/", site.admin_view(prove_again), name="prove"),
    path("security/", site.admin_view(security), name="security"),
    path("password_change/", site.admin_view(change_password), name="password_change"),
]
site.register_door([*OPEN, *INSIDE])

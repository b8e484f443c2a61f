"""Who answers for the solution and who watches over it, until the DPO keeps other contacts in the admin.

The rows of `Contact` decide; these are what they begin with.
"""

from typing import Any

from django.utils.translation import gettext_noop

from applications.models.contacts import ContactRole

PRODUCT = "JO1N Baltic financing"

FIRST_CONTACTS: dict[ContactRole, dict[str, Any]] = {
    ContactRole.CONTROLLER: {
        "name": "SIA “JO1N Baltic”",
        "registration_number": "40203244637",
        "address": "Republikas laukums 2A, Rīga, LV-1010",
        "email": "privacy@jo1n.com",
    },
    ContactRole.DPO: {"name": "SIA “JO1N Baltic”", "email": "privacy@jo1n.com"},
    ContactRole.AUTHORITY: {
        "name": "Datu valsts inspekcija",
        "address": "Elijas iela 17, Rīga, LV-1050",
        "email": "pasts@dvi.gov.lv",
        "website": "www.dvi.gov.lv",
        "doubt": gettext_noop(
            "The privacy policy prints Blaumaņa iela 11/13, Rīga, LV-1011, 67 22 31 31, info@dvi.gov.lv. "
            "The authority has since published the address and e-mail that stand here. "
            "Confirm them and have the policy corrected, then empty this field."
        ),
    },
    ContactRole.CONSUMER_AUTHORITY: {
        "name": "Patērētāju tiesību aizsardzības centrs",
        "website": "www.ptac.gov.lv",
    },
}

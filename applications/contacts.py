"""Who answers for the solution and who watches over it: the contacts in the notices' texts."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Controller:
    """The company that decides why and how personal data are processed (GDPR Art. 4(7), 13(1)(a))."""

    name: str
    product: str
    registration_number: str
    address: str
    email: str


@dataclass(frozen=True, kw_only=True)
class Authority:
    """An authority to which a person can complain. `website` is a host name; the rest may be empty."""

    name: str
    website: str
    address: str = ""
    email: str = ""


CONTROLLER = Controller(
    name="SIA “JO1N Baltic”",
    product="JO1N Baltic financing",
    registration_number="40203244637",
    address="Republikas laukums 2A, Rīga, LV-1010",
    email="privacy@jo1n.com",
)
# The address that the authority publishes now; it moved from Blaumaņa iela 11/13.
AUTHORITY = Authority(
    name="Datu valsts inspekcija",
    website="www.dvi.gov.lv",
    address="Elijas iela 17, Rīga, LV-1050",
    email="pasts@dvi.gov.lv",
)
CONSUMER_AUTHORITY = Authority(name="Patērētāju tiesību aizsardzības centrs", website="www.ptac.gov.lv")

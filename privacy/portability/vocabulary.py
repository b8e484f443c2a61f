"""Our vocabulary in the terms of the W3C Data Privacy Vocabulary (DPV 2, https://w3id.org/dpv). Pure.

The context stands in every file, so that whoever reads it as JSON-LD fetches nothing.
"""

from collections.abc import Mapping
from typing import Any

from applications.data_policy import POLICIES
from applications.personal import Basis, Category, Purpose

C, P = Category, Purpose

CONTEXT: Mapping[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "id": "@id",
    "issued_at": "dct:issued",
    "right": {"@id": "dpv:hasRight", "@type": "@id"},
    "controller": "dpv:hasDataController",
    "recipient": "dpv:hasRecipientDataController",
    "data_subject": "dpv:hasDataSubject",
    "name": "dct:title",
    "label": "dct:identifier",
    "handling": "dpv:hasProcess",
    "hasPersonalData": {"@id": "dpv:hasPersonalData", "@type": "@id"},
    "hasLegalBasis": {"@id": "dpv:hasLegalBasis", "@type": "@id"},
    "hasPurpose": {"@id": "dpv:hasPurpose", "@type": "@id"},
    "hasDataSource": {"@id": "dpv:hasDataSource", "@type": "@id"},
}

CATEGORIES: Mapping[Category, str] = {
    C.IDENTIFICATION: "pd:Identifying",
    C.ACCOUNT: "pd:Profile",
    C.IDENTITY_DOCUMENT: "pd:OfficialID",
    C.IMAGES: "pd:Picture",
    C.LOAN: "pd:LoanRecord",
    C.FINANCIAL: "pd:Financial",
    C.TRANSACTIONS: "pd:Transactional",
    C.INTERESTS: "pd:Interest",
    C.FAMILY: "pd:Family",
    C.COMMUNICATIONS: "pd:Communication",
    C.USAGE: "pd:BrowsingBehavior",
    C.LOCATION: "pd:Location",
    C.MARKETING: "pd:Preference",
    C.PEP: "pd:PublicLife",
}

FINER: Mapping[str, str] = {
    "identification.given_name": "pd:Name",
    "identification.surname": "pd:Name",
    "identification.birth_date": "pd:BirthDate",
    "identification.personal_code": "pd:OfficialID",
    "identification.phone": "pd:TelephoneNumber",
    "identification.email": "pd:EmailAddress",
    "identification.street_address": "pd:PhysicalAddress",
    "identification.city": "pd:PhysicalAddress",
    "identification.postcode": "pd:PhysicalAddress",
    "loan.keyword": "pd:SecretText",
    "financial.income_type": "pd:Income",
    "financial.monthly_income_cents": "pd:Income",
    "financial.employer": "pd:CurrentEmployment",
    "financial.monthly_expenses_cents": "pd:FinancialStatus",
    "financial.monthly_obligations_cents": "pd:FinancialStatus",
    "family.marital_status": "pd:MaritalStatus",
    "family.dependants": "pd:FamilyStructure",
    "account.payment_kind": "pd:FinancialAccount",
    "account.payment_identifier": "pd:AccountIdentifier",
    "account.language": "pd:Language",
    "account.complaint_text": "pd:Communication",
    "account.marketing_wanted": "pd:PrivacyPreference",
    "datasubject.language": "pd:Language",
    "usage.element": "pd:LinkClicked",
}
"""Label in the data map → a term that says more than its category's."""

PURPOSES: Mapping[Purpose, str] = {
    P.HANDLE_APPLICATIONS: "dpv:RequestedServiceProvision",
    P.PASS_TO_LENDERS: "dpv:RequestedServiceProvision",
    P.RUN_SERVICE: "dpv:ServiceProvision",
    P.SERVE_CUSTOMERS: "dpv:CustomerCare",
    P.IMPROVE_SERVICE: "dpv:ServiceOptimisation",
    P.INFORM_PUBLIC: "dpv:Marketing",
}
"""The purposes for which some category is processed under a contract or with a consent."""

BASES: Mapping[Basis, str] = {Basis.CONTRACT: "eu-gdpr:A6-1-b", Basis.CONSENT: "eu-gdpr:A6-1-a"}
RIGHT = "eu-gdpr:A20"
FROM_THE_PERSON = "dpv:DataSubjectDataSource"


def term_of(label: str, category: Category) -> str:
    """What DPV calls the data of one field."""
    return FINER.get(label, CATEGORIES[category])


def purposes_in_use() -> set[Purpose]:
    """Purposes that rest on a contract or a consent for some category."""
    return {
        purpose for policy in POLICIES.values() for purpose, basis in policy.uses.items() if basis in BASES
    }

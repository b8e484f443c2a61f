"""What the ground floor's templates show of a person, and for which purpose: checked against the data map."""

from collections.abc import Mapping
from dataclasses import dataclass

from applications.personal import Category, Purpose

C, P = Category, Purpose


@dataclass(frozen=True)
class Use:
    """Categories that are shown together, for one purpose."""

    purpose: Purpose
    categories: frozenset[Category]

    def __init__(self, purpose: Purpose, *categories: Category) -> None:
        object.__setattr__(self, "purpose", purpose)
        object.__setattr__(self, "categories", frozenset(categories))


FORM = (C.IDENTIFICATION, C.IDENTITY_DOCUMENT, C.LOAN, C.FINANCIAL, C.FAMILY, C.PEP)

TEMPLATES: Mapping[str, Use | None] = {
    "applications/account.html": Use(
        P.DATA_SUBJECT_RIGHTS, C.IDENTIFICATION, C.ACCOUNT, C.TRANSACTIONS, C.LOAN
    ),
    "applications/check.html": Use(P.HANDLE_APPLICATIONS, *FORM),
    "applications/code.html": Use(P.HANDLE_APPLICATIONS, C.IDENTIFICATION),
    "applications/fresh_code.html": Use(P.DATA_SUBJECT_RIGHTS, C.IDENTIFICATION),
    "applications/home.html": None,
    "applications/refused.html": None,
    "applications/session_ended.html": None,
    "applications/start.html": Use(P.HANDLE_APPLICATIONS, C.IDENTIFICATION),
    "applications/step.html": Use(P.HANDLE_APPLICATIONS, *FORM),
    "applications/who_saw.html": Use(P.DATA_SUBJECT_RIGHTS, C.TRANSACTIONS),
    "applications/mail/address_changed.txt": None,
    "applications/mail/application_sent.txt": Use(P.SERVE_CUSTOMERS, C.TRANSACTIONS),
    "applications/mail/contract_signed.txt": Use(P.SERVE_CUSTOMERS, C.TRANSACTIONS),
    "applications/mail/declined_late.txt": Use(P.SERVE_CUSTOMERS, C.TRANSACTIONS),
    "applications/mail/disclosed.txt": None,
    "applications/mail/late_offer.txt": Use(P.SERVE_CUSTOMERS, C.TRANSACTIONS),
    "applications/mail/more_needed.txt": Use(P.SERVE_CUSTOMERS, C.TRANSACTIONS),
    "applications/mail/request_due.txt": Use(P.DATA_SUBJECT_RIGHTS, C.ACCOUNT),
    "applications/mail/offer_chosen.txt": Use(P.SERVE_CUSTOMERS, C.TRANSACTIONS),
    "applications/mail/rights_letter.txt": Use(P.DATA_SUBJECT_RIGHTS, C.ACCOUNT),
    "applications/mail/sign_in_code.txt": Use(P.SERVE_CUSTOMERS, C.COMMUNICATIONS),
    "admin/applications/application/change_form.html": Use(P.SERVE_CUSTOMERS, *FORM, C.TRANSACTIONS),
    "admin/actions.html": None,
    "admin/ask_fields.html": None,
    "admin/applications/application/reveal.html": Use(P.SERVE_CUSTOMERS, C.TRANSACTIONS),
    "admin/applications/application/revealed.html": Use(P.SERVE_CUSTOMERS, *FORM, C.TRANSACTIONS),
    "admin/applications/find.html": Use(P.SERVE_CUSTOMERS, C.ACCOUNT, C.TRANSACTIONS),
    "admin/applications/security_signals.html": Use(
        P.INFORMATION_SECURITY, C.IDENTIFICATION, C.TRANSACTIONS, C.ACCOUNT, C.LOCATION
    ),
    # Moments in words: what they may hold is their sources' to see to.
    "admin/applications/timeline_panel.html": Use(P.SERVE_CUSTOMERS, C.TRANSACTIONS),
    "admin/applications/_timeline_days.html": Use(P.SERVE_CUSTOMERS, C.TRANSACTIONS),
    "admin/applications/statisticsmonth/change_list.html": None,
    "admin/base_site.html": None,
    "admin/change_list.html": None,
    "admin/chart.html": None,
    "admin/index.html": None,
    "admin/keyset_list.html": None,
    "admin/refused.html": None,
    # The staff's door is about staff at work.
    **dict.fromkeys(
        (
            f"admin/door/{name}.html"
            for name in (
                "_error", "_field", "_log_out", "_passkey_failed", "_waiting", "_ways", "account", "enrol",
                "enrol_app", "enrol_passkey", "frame", "locked", "log_in", "prove", "recovery_codes", "reset",
                "second_factor", "security",
            )
        ),
        None,
    ),
    "base.html": None,
    "403_csrf.html": None,
    # A field is shown with what was typed into it before.
    "django/forms/div.html": Use(P.HANDLE_APPLICATIONS, *FORM),
    "django/forms/field.html": Use(P.HANDLE_APPLICATIONS, *FORM),
    "django/forms/field_error.html": None,
    "django/forms/field_help.html": None,
    **dict.fromkeys(
        (
            f"includes/{name}.html"
            for name in (
                "day", "error_summary", "icon", "session_ended_note", "voluntary", "warning", "ways_on",
                "why_we_ask",
            )
        ),
        None,
    ),
}  # fmt: skip
"""Template → what it shows of a person; None for one that shows nothing of anybody."""

FORMS: Mapping[str, Use] = {"applications.forms.EmailForm": Use(P.HANDLE_APPLICATIONS, C.IDENTIFICATION)}
"""Form beside the steps of the application → what it asks for of a person."""

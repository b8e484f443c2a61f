"""What the privacy floor's templates show of a person, and for which purpose."""

from collections.abc import Mapping

from applications.data_uses import Use
from applications.personal import Category, Purpose

REGISTER = Use(Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT)

TEMPLATES: Mapping[str, Use | None] = {
    "privacy/admin/_parts.html": None,
    "privacy/admin/_request_trail.html": None,
    "privacy/admin/_disclosure_trail.html": None,
    "privacy/admin/attention.html": None,
    "privacy/admin/disclosure_case.html": REGISTER,
    "privacy/admin/disclosure_deed.html": None,
    "privacy/admin/disclosure_intake.html": None,
    "privacy/admin/disclosure_request.html": Use(Purpose.INFORM_AUTHORITIES, Category.TRANSACTIONS),
    "privacy/admin/disclosure_words.html": Use(Purpose.INFORM_AUTHORITIES, *Category),
    "privacy/admin/explanation.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT),
    "privacy/admin/flow.html": None,
    "privacy/admin/holds.html": Use(Purpose.LEGAL_CLAIMS, Category.ACCOUNT, Category.TRANSACTIONS),
    "admin/privacy/lettertemplate/change_form.html": None,
    "privacy/admin/letter_template.html": None,
    "privacy/admin/message.html": REGISTER,
    "privacy/admin/message_words.html": Use(
        Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT, Category.IDENTIFICATION, Category.COMMUNICATIONS
    ),
    "privacy/admin/record.html": None,
    "privacy/admin/request.html": REGISTER,
    # Held values may be of any category.
    "privacy/admin/request_copy.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/admin/request_deed.html": REGISTER,
    "privacy/admin/request_intake.html": Use(
        Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT, Category.IDENTIFICATION, Category.COMMUNICATIONS
    ),
    "privacy/admin/request_letter.html": None,
    "privacy/admin/request_words.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/admin/requests_dashboard.html": None,
    "privacy/admin/retention.html": None,
    "privacy/_package.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/_papers.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT, Category.COMMUNICATIONS),
    "privacy/_parts.html": None,
    "privacy/difference.html": None,
    "privacy/disclosure.html": Use(Purpose.INFORM_AUTHORITIES, *Category),
    **dict.fromkeys(
        (
            f"privacy/facts/{name}.html"
            for name in ("categories", "purposes", "recipients", "retention", "rights")
        ),
        None,
    ),
    # A letter is codes and days in words; what the officer adds is about the person who asked.
    "privacy/_letter.html": None,
    "privacy/letter.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT, Category.COMMUNICATIONS),
    "privacy/kept_file.html": None,
    "privacy/letter_gone.html": None,
    "privacy/arrivals_panel.html": None,
    # What another controller passed on may hold any answer of the form.
    "privacy/my_arrival.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/my_elsewhere.html": None,
    "privacy/my_file.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT, Category.TRANSACTIONS),
    # What is to be corrected is of whatever the form asks for.
    "privacy/my_address.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.IDENTIFICATION),
    "privacy/my_correction.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/my_corrections.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/my_data.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/my_erasure.html": None,
    "privacy/my_objection.html": REGISTER,
    "privacy/my_package.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/my_papers.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT, Category.COMMUNICATIONS),
    "privacy/my_restriction.html": REGISTER,
    "privacy/my_review.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS),
    "privacy/notice.html": None,
    "privacy/notices.html": None,
    "privacy/package.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/papers.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT, Category.COMMUNICATIONS),
    "privacy/recipients.html": None,
}
"""Template → what it shows of a person; None for one that shows nothing of anybody."""

_WRITTEN = Use(Purpose.DATA_SUBJECT_RIGHTS, Category.COMMUNICATIONS)
FORMS: Mapping[str, Use] = {
    "privacy.admin.disclosure_forms.AssessForm": Use(Purpose.INFORM_AUTHORITIES, Category.TRANSACTIONS),
    "privacy.admin.disclosure_forms.IntakeForm": Use(
        Purpose.INFORM_AUTHORITIES, Category.ACCOUNT, Category.TRANSACTIONS, Category.COMMUNICATIONS
    ),
    "privacy.admin.disclosure_forms.RefuseForm": Use(Purpose.INFORM_AUTHORITIES, Category.COMMUNICATIONS),
    "privacy.admin.holds.HoldForm": Use(Purpose.LEGAL_CLAIMS, Category.ACCOUNT, Category.TRANSACTIONS),
    "privacy.admin.request_forms.ApproveForm": _WRITTEN,
    # A value that is to be corrected is of whatever the form asks for.
    "privacy.admin.request_forms.CorrectionForm": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy.admin.request_forms.EndForm": _WRITTEN,
    "privacy.admin.message_forms.RequestForm": Use(
        Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT, Category.IDENTIFICATION
    ),
    "privacy.admin.request_forms.ExtendForm": _WRITTEN,
    "privacy.admin.request_forms.IdentifyForm": _WRITTEN,
    "privacy.admin.request_forms.RefuseForm": _WRITTEN,
    "privacy.admin.request_forms.SpecifyForm": _WRITTEN,
    "privacy.admin.request_forms.WeighForm": _WRITTEN,
    "privacy.my_data_forms.NewAddressForm": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.IDENTIFICATION),
    "privacy.admin.request_intake.IntakeForm": Use(
        Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT, Category.IDENTIFICATION, Category.COMMUNICATIONS
    ),
}
"""Form → what is entered with it of a person."""

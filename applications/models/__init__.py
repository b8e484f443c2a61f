"""The ground floor's rows, by idea."""

from applications.models.application import Application, ApplicationEvent
from applications.models.audit import AuditEntry
from applications.models.disclosure import Disclosure, DisclosureStatus, RecipientKind
from applications.models.mail import MailKind, MailStatus, OutboundMail
from applications.models.notice import NoticeKind, NoticeVersion
from applications.models.operations import DailyJob, WorkerHeartbeat
from applications.models.personal_data import (
    FORM_MODELS,
    Family,
    Financial,
    FormData,
    Identification,
    IdentityDocument,
    LoanRequest,
    PoliticalExposure,
)
from applications.models.processing import Consent, Contract, ContractEnd
from applications.models.staff import StaffUser
from applications.models.subject import ConsumerSession, DataSubject, EmailChallenge, OwnedBySubject

__all__ = [
    "FORM_MODELS", "Application", "ApplicationEvent", "AuditEntry", "Consent", "ConsumerSession", "Contract",
    "ContractEnd", "DailyJob", "DataSubject", "Disclosure", "DisclosureStatus", "EmailChallenge",
    "Family", "Financial", "FormData", "Identification", "IdentityDocument", "LoanRequest", "MailKind",
    "MailStatus", "NoticeKind", "NoticeVersion", "OutboundMail", "OwnedBySubject", "PoliticalExposure",
    "RecipientKind", "StaffUser", "WorkerHeartbeat",
]  # fmt: skip

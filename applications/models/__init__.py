"""The ground floor's rows, by idea."""

from applications.models.account import (
    AccountNote,
    Channel,
    Complaint,
    MarketingPreference,
    PaymentMethod,
    SupplementaryStatement,
)
from applications.models.application import Application, ApplicationEvent
from applications.models.audit import AuditCut, AuditEntry
from applications.models.browsing import UsageEvent, Whereabouts
from applications.models.communications import Communication, CommunicationKind, Direction
from applications.models.contacts import Contact, ContactRole
from applications.models.disclosure import Disclosure, DisclosureStatus
from applications.models.images import Image, ImageOrigin
from applications.models.interests import PublicProfile
from applications.models.ledger import LedgerEntry, LedgerKind
from applications.models.mail import TO_WHOEVER_ASKED, MailKind, MailStatus, OutboundMail
from applications.models.marketing import MarketingKind, MarketingMessage
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
from applications.models.processing import (
    Consent,
    Contract,
    ContractEnd,
    Objection,
    Restriction,
    RestrictionGround,
)
from applications.models.recipients import AgreementKind, Lapse, Recipient
from applications.models.retention import (
    ChunkState,
    HoldGround,
    LegalHold,
    RetentionChunk,
    RetentionEdition,
    RetentionRun,
)
from applications.models.role_conditions import Mandate, MandateCase, Profession, Training
from applications.models.second_factor import AuthenticatorApp, Passkey, RecoveryCode, SecondFactor
from applications.models.sign_in import SignInTry, TryKind
from applications.models.staff import StaffUser
from applications.models.statistics import Milestone, MilestoneReached, StatisticsMonth
from applications.models.subject import ConsumerSession, DataSubject, EmailChallenge, OwnedBySubject
from applications.models.third_party import ThirdPartyRecord

__all__ = [
    "FORM_MODELS", "TO_WHOEVER_ASKED", "AccountNote", "AgreementKind", "Application", "ApplicationEvent",
    "AuditCut", "AuditEntry", "AuthenticatorApp", "Channel", "ChunkState", "Communication",
    "CommunicationKind", "Complaint", "Consent", "ConsumerSession", "Contact", "ContactRole", "Contract",
    "ContractEnd", "DailyJob", "DataSubject", "Direction", "Disclosure", "DisclosureStatus",
    "EmailChallenge", "Family", "Financial", "FormData", "HoldGround", "Identification",
    "IdentityDocument", "Image", "ImageOrigin", "Lapse", "LedgerEntry", "LedgerKind", "LegalHold",
    "LoanRequest", "MailKind", "MailStatus", "Mandate", "MandateCase", "MarketingKind",
    "MarketingMessage", "MarketingPreference", "Milestone", "MilestoneReached", "NoticeKind",
    "NoticeVersion", "Objection", "OutboundMail", "OwnedBySubject", "Passkey", "PaymentMethod",
    "PoliticalExposure", "Profession", "PublicProfile", "Recipient", "RecoveryCode", "Restriction",
    "RestrictionGround", "RetentionChunk", "RetentionEdition", "RetentionRun", "SecondFactor",
    "SignInTry", "StaffUser", "StatisticsMonth", "SupplementaryStatement", "ThirdPartyRecord", "Training",
    "TryKind", "UsageEvent", "Whereabouts", "WorkerHeartbeat",
]  # fmt: skip

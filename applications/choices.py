"""The closed vocabularies of the application form. Stored values are stable; labels are translated."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DocumentType(TextChoices):
    """Identity documents that a lender accepts."""

    PASSPORT = "passport", _("Passport")
    IDENTITY_CARD = "identity_card", _("Identity card (eID)")
    RESIDENCE_PERMIT = "residence_permit", _("Residence permit")


class LoanPurpose(TextChoices):
    """What the money is for.

    Medical treatment is left out on purpose: it would be health data (GDPR Art. 9), which may not be used to
    assess creditworthiness (Directive (EU) 2023/2225, Art. 18(3)). "Something else" covers it unsaid.
    """

    VEHICLE = "vehicle", _("A vehicle")
    HOME = "home", _("Home repair or furnishing")
    GOODS = "goods", _("Household goods or electronics")
    EDUCATION = "education", _("Education")
    TRAVEL = "travel", _("Travel")
    REFINANCING = "refinancing", _("Repaying other loans")
    OTHER = "other", _("Something else")


class IncomeType(TextChoices):
    """Where most of the income comes from."""

    EMPLOYMENT = "employment", _("Employment")
    SELF_EMPLOYMENT = "self_employment", _("Self-employment or own business")
    PENSION = "pension", _("Pension")
    BENEFITS = "benefits", _("Benefits or allowances")
    OTHER = "other", _("Other income")


class MaritalStatus(TextChoices):
    """Whether somebody shares the household's obligations by marriage."""

    MARRIED = "married", _("Married")
    UNMARRIED = "unmarried", _("Not married")


class PepStatus(TextChoices):
    """Link to a politically exposed person (AML law, section 1 (18)); former holders count too."""

    NONE = "none", _("No")
    SELF = "self", _("Yes, I hold or have held such an office")
    FAMILY_MEMBER = "family_member", _("Yes, a member of my family holds or has held such an office")
    CLOSE_ASSOCIATE = "close_associate", _("Yes, a close associate of mine holds or has held such an office")


class PepRelation(TextChoices):
    """What the office holder is to the consumer: the closed list of family members in the AML law."""

    SPOUSE = "spouse", _("My spouse or partner in a relationship like marriage")
    CHILD = "child", _("My child")
    CHILD_SPOUSE = "child_spouse", _("My child’s spouse or partner")
    PARENT = "parent", _("My parent")
    GRANDPARENT = "grandparent", _("My grandparent")
    GRANDCHILD = "grandchild", _("My grandchild")
    SIBLING = "sibling", _("My brother or sister")

"""What is written about a request for disclosure: when it is entered, and one form a deed."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.eea import EEA
from applications.errors import Refusal
from applications.file_fields import FilesField
from applications.models import Recipient
from applications.personal import Category, RecipientKind
from applications.selectors.finding import Found
from privacy.admin.request_forms import DeedForm, day_field, words_field
from privacy.disclosure_package import grantable
from privacy.models import AskedBy, DisclosureRequest, HandedBy, WhyNot
from privacy.models.disclosure_requests import ASKERS
from privacy.sealing import LARGEST, read_certificate
from privacy.services.disclosing import Asker, Written
from privacy.services.secrecy import Secrecy

SALT = "privacy.disclosure_cases"
UNSEEN = {"autocomplete": "off", "spellcheck": "false"}
LAW = gettext_lazy("For example: Criminal Procedure Law, section 190. Name nobody.")


class IntakeForm(forms.Form):
    """Who asks by which law, what they wrote, and whether a law forbids telling."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Who asks"), widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in ASKERS],
    )  # fmt: skip
    recipient = forms.ModelChoiceField(
        Recipient.objects.filter(kind=RecipientKind.PARTNER, active=True), required=False,
        label=gettext_lazy("Partner"), help_text=gettext_lazy("From the register of recipients."),
    )  # fmt: skip
    asker = forms.CharField(
        label=gettext_lazy("Name of the authority or court"), max_length=200, required=False
    )
    country = forms.ChoiceField(
        label=gettext_lazy("Country of the authority"), choices=EEA.choices, initial=EEA.LV, required=False,
        help_text=gettext_lazy("Nothing goes outside the European Economic Area."),
    )  # fmt: skip
    way = forms.ChoiceField(label=gettext_lazy("How it came in"), choices=AskedBy.choices)
    received_on = day_field(label=gettext_lazy("Day on which it came"))
    answer_by = day_field(label=gettext_lazy("They want an answer by"), required=False)
    legal_basis = forms.CharField(
        label=gettext_lazy("Law and article that they name"), max_length=200, help_text=LAW
    )
    asker_case = forms.CharField(
        label=gettext_lazy("Their case number"), max_length=100, required=False,
        widget=forms.TextInput(attrs=UNSEEN),
    )  # fmt: skip
    asker_contact = forms.CharField(
        label=gettext_lazy("Where they are reached"), max_length=300, required=False,
        widget=forms.TextInput(attrs=UNSEEN),
        help_text=gettext_lazy("From a public register, not from the letter alone."),
    )  # fmt: skip
    their_reasons = words_field(
        label=gettext_lazy("The reasons that they give"),
        help_text=gettext_lazy("It is encrypted, and goes some time after the request has ended."),
    )
    letter = FilesField(label=gettext_lazy("Their letter, as PDF or pictures"), required=False)
    hidden_until = day_field(
        label=gettext_lazy("A law forbids telling the person before"), required=False,
        help_text=gettext_lazy("Six months at most; then it is looked at again. Leave it empty otherwise."),
    )  # fmt: skip
    hidden_basis = forms.CharField(
        label=gettext_lazy("Law and article that forbid telling"), max_length=200, required=False,
        help_text=LAW,
    )  # fmt: skip

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day is still to come."))
        return day

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        needed = ["recipient"] if given.get("kind") == RecipientKind.PARTNER else ["asker", "country"]
        if given.get("hidden_until") or given.get("hidden_basis"):
            needed += ["hidden_until", "hidden_basis"]
        for name in needed:
            if not given.get(name) and name not in self.errors:
                self.add_error(name, _("This is needed here."))
        return given

    def facts(self) -> dict[str, Any]:
        """As the service takes it."""
        given = self.cleaned_data
        kind = RecipientKind(given["kind"])
        known = given["recipient"] if kind is RecipientKind.PARTNER else None
        secrecy = Secrecy(given["hidden_until"], given["hidden_basis"]) if given["hidden_until"] else None
        return {
            "asker": Asker(kind, given["asker"].strip(), given["country"], known),
            "way": AskedBy(given["way"]), "legal_basis": given["legal_basis"].strip(),
            "written": Written(given["asker_case"], given["asker_contact"], given["their_reasons"]),
            "answer_by": given["answer_by"], "secrecy": secrecy, "files": given["letter"],
        }  # fmt: skip


class FindForm(forms.Form):
    """Who is meant, by exactly what the letter gives."""

    known_by = forms.CharField(
        label=gettext_lazy("Whose data: a number of ours, e-mail address, personal code or phone number"),
        max_length=254, widget=forms.TextInput(attrs=UNSEEN),
        help_text=gettext_lazy(
            "Whole, as it was given. Whoever is found is told that they were looked up, unless a law forbids "
            "telling: then on the day on which they may know."
        ),
    )  # fmt: skip


class CasesForm(forms.Form):
    """Which cases of the people who were found; each is named by a signed mark, so that none is guessed."""

    case = forms.MultipleChoiceField(
        label=gettext_lazy("What the request is about"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, found: list[Found], request: DisclosureRequest) -> None:
        super().__init__(data)
        signer = signing.Signer(salt=f"{SALT}.{request.pk}")
        self.signer = signer
        choices = []
        for one in found:
            rest = _("%(number)s, what belongs to no application") % {"number": one.subject}
            of_one = [(f"{one.subject.pk}:{sent.pk}", f"{one.subject}, {sent}") for sent in one.applications]
            choices += [(signer.sign(mark), words) for mark, words in [*of_one, (f"{one.subject.pk}:", rest)]]
        self.fields["case"].choices = choices  # type: ignore[attr-defined]


def named_cases(marks: list[str], request: DisclosureRequest) -> list[tuple[UUID, UUID | None]]:
    """The people and applications of signed marks. Raises BadSignature."""
    signer = signing.Signer(salt=f"{SALT}.{request.pk}")
    parts = [signer.unsign(mark).partition(":") for mark in marks]
    return [(UUID(subject), UUID(sent) if sent else None) for subject, _colon, sent in parts]


class AssessForm(DeedForm):
    """Which categories, and the certificate for which the package is sealed."""

    categories = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Which categories are disclosed"), coerce=Category,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("No more than the law and the reasons given cover (GDPR Art. 5(1)(c))."),
    )  # fmt: skip
    with_others = forms.BooleanField(
        label=gettext_lazy("Values that may be about somebody else go as well"), required=False,
        help_text=gettext_lazy("Notes, messages and recordings. Only where the request names them."),
    )  # fmt: skip
    certificate = forms.FileField(
        label=gettext_lazy("Certificate of the recipient (X.509, with an RSA key)"),
        help_text=gettext_lazy(
            "Of the organisation, not of a person. The package is sealed for it: nobody else can open it."
        ),
    )  # fmt: skip

    def __init__(self, data: Any = None, files: Any = None, *, about: Any) -> None:
        super().__init__(data, files, about=about)
        given = grantable(about.recipient_kind)
        choices = [(one.value, one.label) for one in Category if one in given]
        self.fields["categories"].choices = choices  # type: ignore[attr-defined]

    def clean_certificate(self) -> bytes:
        content: bytes = self.cleaned_data["certificate"].read(LARGEST + 1)
        try:
            read_certificate(content, now=timezone.now())
        except Refusal as refused:
            raise forms.ValidationError(str(refused.sentence)) from refused
        return content


class RefuseForm(DeedForm):
    """Why nothing is disclosed, and the words of the answer."""

    why = forms.ChoiceField(label=gettext_lazy("Reason"), choices=WhyNot.choices, widget=forms.RadioSelect)
    reasons = words_field(
        label=gettext_lazy("What is answered"), help_text=gettext_lazy("Whoever asked gets these words.")
    )


class HandedForm(DeedForm):
    """When and how it was handed over."""

    on = day_field(label=gettext_lazy("Handed over on"))
    by = forms.ChoiceField(label=gettext_lazy("How"), choices=HandedBy.choices)


class SecrecyForm(DeedForm):
    """Until when a law forbids telling, and which."""

    until = day_field(
        label=gettext_lazy("The person is told on"),
        help_text=gettext_lazy("Six months from now at most; then it is looked at again."),
    )
    basis = forms.CharField(
        label=gettext_lazy("Law and article that forbid telling"), max_length=200, help_text=LAW
    )

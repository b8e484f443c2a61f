"""A page that plays the privacy mailbox in development: what is written here arrives as if by mail."""

from email.message import EmailMessage
from email.utils import make_msgid

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from applications.models import ContactRole
from applications.selectors.contacts import contact
from privacy.services.mailbox import Taken, take_in


class MailForm(forms.Form):
    """A message to the privacy address."""

    sender = forms.EmailField(label=gettext_lazy("From"))
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    words = forms.CharField(label=gettext_lazy("Text"), widget=forms.Textarea(attrs={"rows": 8}))
    enclosure = forms.FileField(label=gettext_lazy("File"), required=False)

    def as_bytes(self) -> bytes:
        """The message as a mail server hands it over."""
        given = self.cleaned_data
        message = EmailMessage()
        message["From"], message["To"] = given["sender"], contact(ContactRole.CONTROLLER).email
        message["Subject"] = " ".join(given["title"].split())
        message["Message-ID"] = make_msgid(domain="development.example")
        message.set_content(given["words"])
        if given["enclosure"]:
            message.add_attachment(
                given["enclosure"].read(), maintype="application", subtype="octet-stream",
                filename=given["enclosure"].name,
            )  # fmt: skip
        return message.as_bytes()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def privacy_mail(request: HttpRequest) -> HttpResponse:
    """Write a message; it is taken over by what takes over those of the real mailbox."""
    form = MailForm(request.POST or None, request.FILES or None)
    arrived = False
    if form.is_valid():
        arrived = take_in(raw=form.as_bytes()) == Taken.IN
        form = MailForm()
    return render(request, "development_privacy_mail.html", {"form": form, "arrived": arrived})

"""What the privacy floor refuses, with a sentence for people."""

from django.utils.translation import gettext_lazy as _

from applications.errors import Refusal


class TooLateToExtend(Refusal):
    code = "too_late_to_extend"
    sentence = _("More time can be taken once, and only if it is announced within the first month.")


class DecisionMissing(Refusal):
    code = "decision_missing"
    sentence = _("Write down why: the decision has to be explained.")


class NotKept(Refusal):
    code = "not_kept"
    sentence = _(
        "Only an application of the person who asks can stay after an erasure, with a ground and a day."
    )

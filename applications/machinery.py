"""Whether the machinery runs: workers, daily jobs, mail, the sealing of the audit; and what is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.formats import age_text, number_text
from applications.models import DailyJob
from applications.selectors.machinery import Unsealed, daily_jobs, heartbeats, unsealed, unwritten
from applications.selectors.outbox import Outbox, outbox
from applications.services.operations import DAILY_JOBS, DAY
from applications.services.sealing import SEALED_WITHIN

BEAT_WITHIN = timedelta(minutes=2)
MAIL_WITHIN = timedelta(minutes=15)
# A job that is due is started within seconds, and once more every quarter of an hour until it succeeds.
JOB_WITHIN = DAY + timedelta(hours=1)
LONGEST_RUN = timedelta(minutes=5)

JOBS: Mapping[str, str | Promise] = {
    "end_challenges": gettext_lazy("Forget mailed codes"),
    "end_staff_sessions": gettext_lazy("End sessions of staff"),
    "retention": gettext_lazy("Delete what was kept for its time"),
    "close_finished_applications": gettext_lazy("Close applications of which nothing can come any more"),
    "prune_audit": gettext_lazy("Delete segments of the audit that were kept for their time"),
    "sweep_orphan_keys": gettext_lazy("Remove keys without an owner"),
    "rotate_pseudonyms": gettext_lazy("Turn statistics of past months into numbers"),
    "destroy_what_came_back": gettext_lazy("Destroy again the keys of the erased that a copy brought back"),
    "publish_audit_head": gettext_lazy("Publish the head of the audit"),
    "remind_of_requests": gettext_lazy("Remind of requests of data subjects"),
    "end_packages": gettext_lazy("Delete access packages that have expired"),
    "end_what_stayed": gettext_lazy("Erase what stayed after an erasure, when its day is over"),
    "follow_what_stays": gettext_lazy("Note what lenders answered after an erasure"),
    "search_for_what_erasures_left": gettext_lazy("Search every table for what erasures left"),
    "forget_words_of_requests": gettext_lazy("Forget the words of requests that were answered"),
    "forget_messages": gettext_lazy("Forget messages that were answered or set aside"),
    "forget_lines_of_the_ledger": gettext_lazy("Cut the erasure ledger where it was kept for its time"),
    "forget_letters_of_disclosures": gettext_lazy("Forget what was written in requests for disclosure"),
    "forget_supplied_files": gettext_lazy("Empty files that no lender is going to receive"),
    "end_sealed_packages": gettext_lazy("Destroy sealed packages that have expired"),
    "end_arrivals": gettext_lazy("Destroy what other controllers passed on and nobody took"),
    "give_up_mailing_letters": gettext_lazy("Give letters that no mail can bring to staff"),
    "keys": gettext_lazy("Go on with the rotation of keys"),
    "lift_restrictions": gettext_lazy("Lift restrictions whose end was announced"),
    "tell_late_reviews": gettext_lazy("Tell people what came of reviews"),
    "tell_what_is_secret_no_more": gettext_lazy("Tell people of disclosures that are secret no more"),
}


@dataclass(frozen=True)
class Worker:
    """A worker process and how long ago it gave a sign of life."""

    name: str
    age: timedelta

    @property
    def alive(self) -> bool:
        return self.age <= BEAT_WITHIN


@dataclass(frozen=True)
class Job:
    """A daily job: when it last succeeded, and of how many rows that was."""

    name: str
    label: str
    last_success: datetime | None
    rows: int
    overdue: bool


@dataclass(frozen=True)
class Machinery:
    """Everything at one moment."""

    workers: Sequence[Worker]
    jobs: Sequence[Job]
    outbox: Outbox
    unsealed: Unsealed
    unwritten: Unsealed


@dataclass(frozen=True)
class Trouble:
    """Something wrong, as a sentence; `part` names the part of the page that tells more."""

    sentence: str
    part: str


def machinery(now: datetime) -> Machinery:
    """How it stands at `now`."""
    known = daily_jobs()
    return Machinery(
        workers=[Worker(one.worker, now - one.beat_at) for one in heartbeats()],
        jobs=[_job(name, known.get(name), now) for name in sorted(DAILY_JOBS)],
        outbox=outbox(now),
        unsealed=unsealed(),
        unwritten=unwritten(),
    )


def _job(name: str, row: DailyJob | None, now: datetime) -> Job:
    label = str(JOBS.get(name, name.replace("_", " ")))
    if row is None:  # the next sweep of a worker starts it
        return Job(name, label, None, 0, overdue=False)
    if row.last_success is not None:
        overdue = now - row.last_success > JOB_WITHIN
    else:
        overdue = row.started_at is not None and now - row.started_at > LONGEST_RUN
    return Job(name, label, row.last_success, sum(row.last_counts.values()), overdue)


def troubles(found: Machinery, now: datetime) -> Iterator[Trouble]:
    """What is wrong, the most urgent first; nothing when all is well."""
    if not any(worker.alive for worker in found.workers):
        limit = {"age": age_text(BEAT_WITHIN)}
        yield Trouble(
            _("No worker has given a sign of life for %(age)s: nothing is sent to lenders, no mail leaves.")
            % limit,
            "workers",
        )
    box, chain = found.outbox, found.unsealed
    if box.since is not None and now - box.since > MAIL_WITHIN:
        facts = {"n": number_text(box.due), "age": age_text(now - box.since)}
        sentence = _("Mail that is due and does not leave: %(n)s. The oldest waits: %(age)s.")
        yield Trouble(sentence % facts, "mail")
    if chain.since is not None and now - chain.since > SEALED_WITHIN:
        sentence = _("Audit entries not sealed: %(n)s. The oldest waits: %(age)s.")
        yield Trouble(
            sentence % {"n": number_text(chain.number), "age": age_text(now - chain.since)}, "audit"
        )
    book = found.unwritten
    if book.since is not None and now - book.since > SEALED_WITHIN:
        sentence = _(
            "The erasure ledger takes no entries, and erasures wait: %(n)s. The oldest waits: %(age)s."
        )
        yield Trouble(sentence % {"n": number_text(book.number), "age": age_text(now - book.since)}, "audit")
    for job in found.jobs:
        if job.overdue:
            yield Trouble(_("Daily job overdue: %(job)s.") % {"job": job.label}, "jobs")

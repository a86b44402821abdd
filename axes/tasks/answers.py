"""What the worker does with files of answers, and what it does by the calendar."""

from typing import Any

from celery import shared_task
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from axes.actions.answer_files import import_answers, undo_import
from axes.actions.invitations import erase_contacts as erase_due_contacts
from axes.choices import ConsultationState
from axes.exchange.answers import AnswersPlan, plan_answers, problem
from axes.models import Consultation
from axes.queries.consultation import code_book, open_phase, references_present
from refamp.jobs.actions import Checked, Progress, Unfit
from refamp.jobs.models import Upload
from refamp.jobs.spreadsheet import open_table

KIND = "axes.answers"


def target_of(upload: Upload) -> Consultation:
    return Consultation.objects.get(public_id=upload.target)


def read(upload: Upload, consultation: Consultation) -> AnswersPlan:
    """The upload's file against the consultation as it is now."""
    return plan_answers(
        open_table(upload.file.path, upload.name),
        book=code_book(consultation),
        present=lambda references: references_present(consultation, references),
        mapping=upload.mapping,
    )


def check_answers(upload: Upload, progress: Progress) -> Checked:
    """What importing the file would do, or everything that is wrong with it. Writes nothing."""
    consultation = target_of(upload)
    progress.set(0, 0)
    with translation.override(upload.actor.language if upload.actor else settings.LANGUAGE_CODE):
        plan = read(upload, consultation)
        takes = consultation.state == ConsultationState.OPEN and (
            open_phase(consultation) is not None or not consultation.phases.exists()
        )
        if not takes:
            plan.problems.insert(0, problem("consultation_not_open"))
            plan.problem_count += 1
    return Checked(rows=plan.rows, problems=plan.problems, problem_count=plan.problem_count, summary=plan.summary())


def apply_answers(upload: Upload, progress: Progress) -> dict[str, Any]:
    """Import a confirmed file, all or nothing. It is read again: what was right when checked may be no longer."""
    consultation = target_of(upload)
    with translation.override(upload.actor.language if upload.actor else settings.LANGUAGE_CODE):
        plan = read(upload, consultation)
        if plan.problem_count:
            raise Unfit(plan.problems, plan.problem_count)
        total = len(plan.respondents) + len(plan.mentions)
        progress.set(0, total)

        def tell(done: int) -> None:
            progress.check()
            progress.set(done, total)

        return import_answers(
            actor=upload.job.actor if upload.job else upload.actor,
            consultation=consultation,
            upload=upload,
            respondents=plan.respondents,
            mentions=plan.mentions,
            progress=tell,
        )


def undo_answers(upload: Upload) -> dict[str, Any]:
    """Withdraw the respondents of an import."""
    return undo_import(
        actor=upload.job.actor if upload.job else upload.actor, consultation=target_of(upload), upload=upload
    )


def back_to_answers(upload: Upload) -> str:
    """The page that the file was sent from."""
    return reverse("axes:answers", args=[upload.target])


@shared_task(name="axes.tasks.erase_contacts")
def erase_contacts() -> int:
    return erase_due_contacts(today=timezone.localdate())

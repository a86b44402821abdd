"""Outgoing mail waits as a row and is sent once."""

import email
import email.policy
import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from refamp.jobs.actions import erase_expired, send_email, send_waiting_mail
from refamp.jobs.choices import EmailState
from refamp.jobs.models import Email, IdempotencyKey, Job
from tests.factories import JobFactory

pytestmark = pytest.mark.django_db


def test_a_message_waits_in_the_outbox_and_is_sent_once_with_its_attachment():
    row = send_email(
        to="a@example.pt", subject="Olá\nmundo", body="Texto", attachments=[("a.txt", "text/plain", b"conte\xc3\xbado")]
    )
    assert mail.outbox == []
    assert (send_waiting_mail(), send_waiting_mail()) == (1, 0)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject, sent.body) == (["a@example.pt"], "Olá mundo", "Texto")
    assert sent.attachments[0].content == "conteúdo"
    row.refresh_from_db()
    assert (row.state, row.attempts, row.sent_at is not None) == (EmailState.SENT, 1, True)


def test_a_server_that_is_away_is_tried_again_and_given_up_at_last(monkeypatch):
    def away(_self):
        raise ConnectionRefusedError("away")

    monkeypatch.setattr(mail.EmailMessage, "send", away)
    row = send_email(to="a@example.pt", subject="s", body="b")
    waits = []
    for _attempt in range(8):
        assert send_waiting_mail() == 0
        row.refresh_from_db()
        if row.state == EmailState.QUEUED:
            waits.append(round((row.not_before - timezone.now()).total_seconds() / 60))
            assert send_waiting_mail() == 0  # not before its time
            assert Email.objects.get(pk=row.pk).attempts == row.attempts
            Email.objects.update(not_before=None)
    assert waits == [2, 4, 8, 16, 32, 64, 128]
    assert (row.state, row.attempts) == (EmailState.FAILED, 8)


def test_an_address_that_is_refused_for_good_is_not_tried_again(monkeypatch):
    def refused(_self):
        raise smtplib.SMTPRecipientsRefused({"a@example.pt": (550, b"no such user")})

    monkeypatch.setattr(mail.EmailMessage, "send", refused)
    row = send_email(to="a@example.pt", subject="s", body="b")
    send_waiting_mail()
    row.refresh_from_db()
    assert row.state == EmailState.FAILED


def test_one_message_that_fails_does_not_hold_the_others(monkeypatch):
    send = mail.EmailMessage.send

    def first_fails(self):
        if self.to == ["a@example.pt"]:
            raise smtplib.SMTPServerDisconnected
        return send(self)

    monkeypatch.setattr(mail.EmailMessage, "send", first_fails)
    send_email(to="a@example.pt", subject="s", body="b")
    send_email(to="b@example.pt", subject="s", body="b")
    assert send_waiting_mail() == 1
    assert [m.to for m in mail.outbox] == [["b@example.pt"]]


def test_without_a_server_messages_become_files_that_a_mail_program_opens(settings, tmp_path):
    settings.EMAIL_BACKEND = "refamp.jobs.mail.EmlBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    row = send_email(to="ana@example.pt", subject="Convite à Ação", body="Olá Ana,\n\nação.\n")
    send_waiting_mail()
    Email.objects.update(state=EmailState.QUEUED)  # sent again after a crash: the same file
    send_waiting_mail()
    (path,) = (tmp_path / "mail").iterdir()
    assert path.suffix == ".eml"
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert (message["To"], message["Subject"]) == ("ana@example.pt", "Convite à Ação")
    assert str(row.public_id) in message["Message-ID"]
    assert "ação." in message.get_content()


def test_mail_keys_and_jobs_are_forgotten_after_their_time():
    old = timezone.now()
    send_email(to="a@example.pt", subject="s", body="b")
    send_waiting_mail()
    send_email(to="b@example.pt", subject="waits", body="b")
    IdempotencyKey.objects.create(key="k", caller="c", fingerprint="f")
    JobFactory(state="done", finished_at=old)
    JobFactory(state="running")
    assert vars(erase_expired()) == {"emails": 0, "keys": 0, "jobs": 0, "files": 0}
    assert erase_expired(now=old + timedelta(hours=25)).keys == 1
    assert erase_expired(now=old + timedelta(days=31)).emails == 1
    assert erase_expired(now=old + timedelta(days=91)).jobs == 1
    assert Email.objects.get().subject == "waits"
    assert Job.objects.get().state == "running"

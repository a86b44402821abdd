"""What is to be done, in the admin: to look at; jobs that wait can be cancelled on their page."""

from django.contrib import admin

from refamp.base.admin import ReadOnlyAdmin
from refamp.jobs.models import Canary, Email, IdempotencyKey, Job, Upload


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "state", "attempts", "actor", "finished_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["actor"]
    search_fields = ["public_id", "key"]


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "name", "state", "rows", "problem_count", "actor"]
    list_filter = ["state", "kind"]
    list_select_related = ["actor"]
    search_fields = ["public_id", "name", "target", "sha256"]


@admin.register(Email)
class EmailAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "to", "subject", "state", "attempts", "sent_at"]
    list_filter = ["state"]
    search_fields = ["to", "subject"]
    # An invitation's text holds the token that is only mailed.
    exclude = ["body", "attachments"]


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "caller", "key", "status"]
    exclude = ["body", "headers"]


@admin.register(Canary)
class CanaryAdmin(ReadOnlyAdmin):
    list_display = ["name", "seen_at"]

"""An import as the API shows and takes it."""

from typing import Any

from rest_framework import serializers

from refamp.jobs.choices import UploadState


class ProblemSerializer(serializers.Serializer):
    """What is wrong in the file, and where."""

    row = serializers.IntegerField(allow_null=True, help_text="As the spreadsheet numbers it; null: the whole file.")
    column = serializers.CharField(allow_null=True, help_text="The column's name in the file.")
    code = serializers.CharField(help_text="For machines.")
    detail = serializers.CharField(help_text="For people, in the sender's language.")


class ImportSerializer(serializers.Serializer):
    """A file on its way: `queued → checked → confirmed → done | rejected | undone`. All or nothing."""

    id = serializers.UUIDField(source="public_id", help_text="The import.")
    state = serializers.ChoiceField(choices=[state.value for state in UploadState], help_text="Where it stands.")
    name = serializers.CharField(help_text="What its sender called the file.")
    size = serializers.IntegerField(help_text="In bytes.")
    sha256 = serializers.CharField(help_text="Of the file.")
    mapping = serializers.DictField(help_text="Columns of the file renamed: {in the file: expected}.")
    rows = serializers.IntegerField(allow_null=True, help_text="Rows below the header that hold anything.")
    problems = ProblemSerializer(many=True, help_text="At most 1000; any of them rejects the whole file.")
    problem_count = serializers.IntegerField(help_text="All of them.")
    summary = serializers.DictField(help_text="What it would do.")
    outcome = serializers.DictField(help_text="What it did.")
    created_at = serializers.DateTimeField(help_text="When it was sent.")
    finished_at = serializers.DateTimeField(allow_null=True, help_text="When it was done, rejected or undone.")


class ImportWriteSerializer(serializers.Serializer):
    """A CSV or XLSX file."""

    file = serializers.FileField(help_text="CSV (comma, semicolon or tab; UTF-8 or Windows-1252) or XLSX.")
    mapping = serializers.JSONField(required=False, default=dict, help_text='{"column in the file": "expected column"}')

    def validate_mapping(self, value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value.values()):
            raise serializers.ValidationError(serializers.ErrorDetail("{text: text}", code="invalid"))
        return value

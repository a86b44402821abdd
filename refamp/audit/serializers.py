"""The record as the API shows it."""

from rest_framework import serializers


class EventSerializer(serializers.Serializer):
    """One thing that somebody did. Personal values are recorded as `changed`, never by value."""

    id = serializers.UUIDField(source="public_id", help_text="The event.")
    at = serializers.DateTimeField(help_text="When.")
    actor = serializers.CharField(source="actor_label", help_text="Who; empty for the platform itself.")
    action = serializers.CharField(help_text="What, such as `consultation.opened`.")
    object_type = serializers.CharField(help_text="The kind of object.")
    object_id = serializers.CharField(help_text="Its public id.")
    object_label = serializers.CharField(help_text="What it was called then.")
    before = serializers.DictField(help_text="Values before, by field.")
    after = serializers.DictField(help_text="Values after, by field.")
    reason = serializers.CharField(help_text="Why, where somebody said it.")
    request_id = serializers.CharField(help_text="The request in which it was done.")
    sealed = serializers.BooleanField(help_text="Whether the hash chain already closes over it.")

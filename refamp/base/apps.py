from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "refamp.base"
    label = "base"

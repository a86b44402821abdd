from django.apps import AppConfig


class LobbyConfig(AppConfig):
    name = "refamp.lobby"
    label = "lobby"

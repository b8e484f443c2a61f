from django.apps import AppConfig


class JoinBalticConfig(AppConfig):
    name = "joinbaltic"

    def ready(self) -> None:
        from joinbaltic import checks  # noqa: F401, PLC0415 - needs models

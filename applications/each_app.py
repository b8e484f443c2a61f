"""What every floor declares in a module of the same name: found here, listed nowhere."""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.utils.module_loading import module_has_submodule


def of_each_app(module: str, name: str) -> dict[str, Any]:
    """App label → what the app has under this name in its module of that name, where it has one."""
    found: dict[str, Any] = {}
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, module):
            declared = getattr(import_module(f"{config.name}.{module}"), name, None)
            if declared is not None:
                found[config.label] = declared
    return found

"""What every task of ours is made of: it does nothing for a database that was set back."""

from typing import Any

from celery import Task

from applications.selectors import set_back


class UnlessSetBack(Task):
    """A message is lost by it, and nothing else: rows are the queue."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs) if set_back.refused() is None else None

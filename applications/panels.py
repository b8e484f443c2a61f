"""Pages that show all floors: a floor above registers its panel in AppConfig.ready(), the page lays them out.

A panel is a function of the request and of what the page is about; it answers with HTML, or with nothing
where it has nothing to say to this reader. Who may read what is the panel's own question.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from django.http import HttpRequest

from applications.models import Application, DataSubject

About = TypeVar("About")


class Panels(Generic[About]):
    """The panels of one page, in the order in which they were registered."""

    def __init__(self) -> None:
        self._panels: list[Callable[[HttpRequest, About], str]] = []

    def register(self, panel: Callable[[HttpRequest, About], str]) -> None:
        self._panels.append(panel)

    def rendered(self, request: HttpRequest, about: About) -> list[str]:
        """The HTML of every panel that has something to say."""
        return [html for panel in self._panels if (html := panel(request, about))]


account_panels: Panels[DataSubject] = Panels()
"""Below a consumer's applications on their own page."""

draft_panels: Panels[DataSubject] = Panels()
"""Above the questions of a draft: what its consumer should know before they type."""

staff_application_panels: Panels[Application] = Panels()
"""On an application's page in the admin."""

"""An encrypted column answers isnull and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Case, Count, Exists, F, Func, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat, ExtractYear, Length, Lower
from django.db.models.lookups import Exact

from applications.crypto.errors import LookupRefused
from tests.applications.crypto.vault.models import Dossier, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
rows = Dossier.objects

REFUSED: dict[str, Callable[[], Any]] = {
    "exact": lambda: rows.filter(surname="x"),
    "exclude": lambda: rows.exclude(surname="x"),
    "iexact": lambda: rows.filter(surname__iexact="x"),
    "contains": lambda: rows.filter(surname__icontains="x"),
    "in": lambda: rows.filter(income__in=[1, 2]),
    "greater": lambda: rows.filter(income__gt=1),
    "year": lambda: rows.filter(born__year=1990),
    "json key": lambda: rows.filter(answers__pets="x"),
    "get": lambda: rows.get(surname="x"),
    "related": lambda: Person.objects.filter(dossiers__surname="x"),
    "column on the right": lambda: list(rows.filter(shelf=F("surname"))),
    "lookup object": lambda: list(rows.filter(Exact(F("surname"), Value(b"x")))),
    "order_by": lambda: list(rows.order_by("surname")),
    "order_by descending": lambda: list(rows.order_by("-surname")),
    "order_by F": lambda: list(rows.order_by(F("surname").desc())),
    "order_by related": lambda: list(Person.objects.order_by("dossiers__surname")),
    "distinct on": lambda: list(rows.distinct("surname")),
    "annotate F": lambda: list(rows.annotate(x=F("surname"))),
    "values expression": lambda: list(rows.values(x=F("surname"))),
    "annotate related": lambda: list(Person.objects.annotate(x=F("dossiers__surname"))),
    "filter on annotation": lambda: rows.annotate(x=F("surname")).filter(x="x"),
    "function": lambda: list(rows.annotate(x=Lower("surname"))),
    "nested function": lambda: list(rows.annotate(x=Coalesce(Concat("shelf", "surname"), Value("")))),
    "length": lambda: list(rows.annotate(x=Length("surname"))),
    "raw function": lambda: list(rows.annotate(x=Func(F("surname"), function="encode"))),
    "extract": lambda: list(rows.annotate(x=ExtractYear("born"))),
    "dates": lambda: list(rows.dates("born", "year")),
    "case": lambda: list(rows.annotate(x=Case(When(shelf="", then=F("surname"))))),
    "alias": lambda: list(rows.alias(x=Lower("surname")).filter(x="x")),
    "count": lambda: rows.aggregate(Count("surname")),
    "max": lambda: rows.aggregate(Max("income")),
    "group": lambda: list(Person.objects.annotate(x=Max("dossiers__income"))),
    "outer": lambda: list(Person.objects.filter(Exists(rows.filter(shelf=OuterRef("dossiers__surname"))))),
    "delete": lambda: rows.filter(shelf=F("surname")).delete(),
    "update where": lambda: rows.filter(shelf=F("surname")).update(shelf=""),
    "update from": lambda: rows.update(shelf=F("surname")),
    "update from itself": lambda: rows.update(surname=F("surname")),
    "latest": lambda: rows.latest("born"),
    "next by date": lambda: rows.earliest("born"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(dossier: Dossier, name: str) -> None:
    with pytest.raises(LookupRefused, match="is encrypted and can only be tested with isnull"):
        REFUSED[name]()


def test_the_refusal_names_the_blind_index() -> None:
    with pytest.raises(LookupRefused, match="through its blind index, code_index"):
        rows.filter(code="010190-12345")
    with pytest.raises(LookupRefused, match="no blind index"):
        rows.filter(surname="x")


ALLOWED: dict[str, Callable[[], QuerySet[Any]]] = {
    "isnull": lambda: rows.filter(surname__isnull=False),
    "not isnull": lambda: rows.exclude(surname__isnull=True),
    "related isnull": lambda: Person.objects.filter(dossiers__surname__isnull=False),
    "Q": lambda: rows.filter(Q(keyword__isnull=False) | Q(colour__isnull=True)),
    "case": lambda: rows.annotate(x=Case(When(surname__isnull=False, then=1))).filter(x=1),
    "counted by condition": lambda: Person.objects.annotate(
        x=Count("dossiers", filter=Q(dossiers__surname__isnull=False))
    ).filter(x=1),
    "exists": lambda: Person.objects.filter(
        Exists(rows.filter(person=OuterRef("pk"), surname__isnull=False))
    ),
    "subquery": lambda: Person.objects.filter(pk__in=rows.filter(surname__isnull=False).values("person")),
    "related": lambda: rows.select_related("person").order_by("person__nickname"),
    "slice": lambda: rows.order_by("shelf")[:1],
    "values": lambda: rows.values("surname"),
    "values list": lambda: rows.values_list("shelf", "surname", named=True),
    "only": lambda: rows.only("surname"),
    "distinct": lambda: rows.distinct(),
    "union": lambda: rows.filter(shelf="").union(rows.filter(shelf="x")),
    "annotated": lambda: rows.annotate(x=Count("person__dossiers")),
    "grouped": lambda: Person.objects.annotate(x=Count("dossiers")).select_related(),
    "locked": lambda: rows.select_for_update(),
    "sealed subquery": lambda: Person.objects.annotate(x=Subquery(rows.values("surname")[:1])),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed(dossier: Dossier, name: str) -> None:
    assert len(list(ALLOWED[name]())) == 1


def test_counting_deleting_and_updating_other_columns_go_on(dossier: Dossier) -> None:
    assert rows.count() == 1
    assert rows.exists()
    assert rows.filter(surname__isnull=False).update(shelf="B") == 1
    assert rows.values("surname").annotate(n=Count("pk")).count() == 1
    assert next(iter(rows.raw("SELECT * FROM crypto_vault_dossier"))).surname == "Bērziņš"
    assert rows.filter(surname__isnull=False).delete()[0] == 1

"""From the letter of an authority to the proof, in a browser: two people, a file that only it can open."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.product import Product
from tests.journeys.staff import log_in
from tests.journeys.visitor import Visitor
from tests.privacy import disclosures

LIST = "/admin/privacy/disclosurerequest/"
PREPARE = """
import json
from applications.crypto.keyring import data_key_scope
from tests.lenders import scene
with data_key_scope():
    application = scene.sent("atra")
print(json.dumps([application.subject.customer_reference, application.reference]))
"""
SECOND_APPROVAL = """
from datetime import date
from django.contrib.auth.models import Group
from applications.actors import SYSTEM, Actor
from applications.models import StaffUser, Training
from applications.roles import Role
from applications.services.role_conditions import enter_training
from privacy.models import DisclosureRequest
from privacy.services.disclosing import approve
user = StaffUser.objects.create_user("deputy-{reference}", is_staff=True)
user.groups.set(Group.objects.filter(name=Role.DPO))
enter_training(
    training=Training(
        user=user, course="GDPR", completed_on=date(2026, 1, 1), valid_until=date(2099, 1, 1)
    ),
    actor=SYSTEM,
)
approve(request_id=DisclosureRequest.objects.get(reference="{reference}").pk, actor=Actor.staff(user.pk))
"""


@pytest.fixture
def known(product: Product) -> tuple[str, str]:
    """A customer's number, and that of an application of theirs."""
    found: Any = json.loads(product.in_its_shell(PREPARE).strip().splitlines()[-1])
    return tuple(found)


def deed(officer: Visitor, name: str) -> list[str]:
    """Open the page of a deed; the obstacles on the way."""
    officer.page.locator(f".buttons a[href$='/{name}/']").click()
    return officer.obstacles()


def press(officer: Visitor) -> list[str]:
    officer.press("#content form.ask button[type=submit]")
    officer.page.wait_for_url("**/change/")
    return officer.obstacles()


def test_authority_receives_what_two_people_approved(visitor, product, known):
    log_in(visitor, "dpo")
    page, (customer, application) = visitor.page, known
    visitor.open(f"{LIST}add/")
    found = visitor.obstacles()
    page.locator("[name=kind][value=authority]").check()
    page.fill("[name=asker]", "Valsts policija")
    page.fill("[name=legal_basis]", disclosures.LAW)
    page.fill("[name=their_reasons]", "Kriminālprocess.")
    letter = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1 letter %%EOF"}
    page.set_input_files("[name=letter]", letter)
    found += press(visitor)
    found += deed(visitor, "name")
    page.fill("[name=known_by]", customer)
    visitor.press("#find button[type=submit]")
    found += visitor.obstacles()
    page.get_by_label(application).check()
    visitor.press("#cases button[type=submit]")
    page.wait_for_url("**/change/")
    found += deed(visitor, "assess")
    page.locator("[name=categories][value=identification]").check()
    pem = {"name": "a.pem", "mimeType": "application/x-pem-file", "buffer": disclosures.certificate()}
    page.set_input_files("[name=certificate]", pem)
    found += press(visitor)
    found += deed(visitor, "approve")
    found += press(visitor)
    reference = page.locator("#content-main h2, #content h2").first.inner_text().split()[0]
    product.in_its_shell(SECOND_APPROVAL.replace("{reference}", reference))
    page.reload()
    found += deed(visitor, "seal")
    found += press(visitor)
    with page.expect_download() as handed_out:
        page.locator("form[action$='/package/'] button").click()
    sealed = handed_out.value.path().read_bytes()
    assert disclosures.opened(sealed).startswith(b"PK")
    found += deed(visitor, "handed_over")
    page.fill("[name=on]", page.evaluate("new Date().toLocaleDateString('sv', {timeZone: 'Europe/Riga'})"))
    found += press(visitor)
    expect(page.locator("#proof")).to_be_visible()
    expect(page.locator("#history")).to_be_visible()
    assert found == []

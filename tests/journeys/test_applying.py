"""From the first page to a chosen offer, as consumers walk it."""

import pytest
from playwright.sync_api import expect

from applications.collation import latvian_key
from tests.journeys.product import OFFERS, Product, until
from tests.journeys.visitor import ANSWERS, Visitor

SLOWEST_LENDER_MS = 30_000


def lenders_asked(product: Product, slug: str) -> int:
    return len([one for one in product.lenders_log()["evaluations"] if one["slug"] == slug])


def choices(product: Product) -> list[str]:
    return [one["slug"] for one in product.lenders_log()["choices"]]


def change_the_term(visitor: Visitor) -> None:
    visitor.press("a.change[href*='/amount/']")
    assert visitor.page.input_value("[name=term_months]") == "36"
    visitor.write("term_months", "24")
    visitor.press()
    assert visitor.slug() == "check"
    expect(visitor.page.locator("main")).to_contain_text("24")


def test_from_the_first_page_to_a_chosen_offer_without_a_reload(visitor, product):
    page = visitor.page
    visitor.open("/")
    expect(page.locator("html")).to_have_attribute("lang", "lv")
    visitor.shot("home")
    visitor.sign_in()
    expect(page.locator("main")).to_contain_text("1. solis no ")
    passed = visitor.answer_all()
    assert passed == [slug for slug in ANSWERS if slug != "pep-details"]
    expect(page.locator("main")).to_contain_text(ANSWERS["name"]["surname"])
    change_the_term(visitor)
    visitor.shot("check")

    visitor.press("a.button[href$='/send/']")
    for box in ("pass_on", "accept_terms"):
        expect(page.locator(f"[name={box}]")).not_to_be_checked()
    for box in page.locator("[name=lenders]").all():
        expect(box).to_be_checked()
    asked_before = lenders_asked(product, "piesardze")
    visitor.tick("[name=lenders][value=piesardze]")
    visitor.shot("send")
    visitor.press()  # nothing is agreed to yet
    assert visitor.slug() == "send"
    expect(page.locator(".field-error").first).to_be_visible()
    expect(page.locator("[name=lenders][value=piesardze]")).not_to_be_checked()
    visitor.agree_and_send()

    page.evaluate("window.stayed = true")
    expect(page.locator("[data-waiting=true]")).to_be_visible()
    visitor.shot("offers-waiting")
    expect(page.locator("li.offer")).to_have_count(OFFERS, timeout=SLOWEST_LENDER_MS)
    expect(page.locator("[data-waiting=false]")).to_be_visible(timeout=SLOWEST_LENDER_MS)
    assert page.evaluate("window.stayed"), "the page was loaded again"
    assert lenders_asked(product, "piesardze") == asked_before
    expect(page.locator(".lender-states")).not_to_contain_text("Piesardzes")
    visitor.shot("offers")

    by_rate = page.locator("li.offer h3").all_inner_texts()
    page.locator("#order-lender").click()
    by_name = page.locator("li.offer h3").all_inner_texts()
    assert by_name == sorted(by_name, key=latvian_key)
    assert by_name != by_rate

    page.locator("li.offer", has_text="Lejas").locator("a.button").click()
    expect(page.locator(".keyword").first).to_have_text(ANSWERS["repayment"]["keyword"])
    visitor.shot("choose")
    told_before = choices(product).count("leja")
    visitor.press()
    expect(page.locator(".note-good")).to_contain_text("Lejas Kredīts")
    page.evaluate("window.stayed = true")
    until(lambda: choices(product).count("leja") == told_before + 1)
    expect(page.locator(".note-good")).to_contain_text("Aizdevējs to zina")
    assert page.evaluate("window.stayed"), "the page was loaded again"
    expect(page.locator("a[id^='choose-']")).to_have_count(0)
    expect(page.locator("a[id^='more-']")).to_have_count(OFFERS)
    visitor.shot("chosen")

    visitor.open("/lv/account/")
    expect(page.locator("main .application")).to_have_count(1)
    visitor.shot("account")


def test_the_same_without_javascript(new_visitor, product):
    visitor = new_visitor(java_script_enabled=False)
    page = visitor.page
    visitor.sign_in()
    visitor.answer_all()
    visitor.press("a.button[href$='/send/']")
    visitor.agree_and_send()
    address = page.url

    def all_are_there() -> bool:
        if page.locator("#refresh").count():
            page.locator("#refresh").click()
        else:
            page.goto(address)
        return page.locator("[data-waiting=false]").count() == 1

    until(all_are_there, seconds=SLOWEST_LENDER_MS / 1000)
    expect(page.locator("li.offer")).to_have_count(OFFERS)
    visitor.shot("offers")
    page.locator("#order-total").click()
    assert page.locator("li.offer").count() == OFFERS
    told_before = choices(product).count("atra")
    page.locator("li.offer", has_text="Ātrā").locator("a.button").click()
    visitor.press()
    until(lambda: choices(product).count("atra") == told_before + 1)

    def the_page_says_so() -> bool:
        page.reload()
        return "Aizdevējs to zina" in page.inner_text(".note-good")

    until(the_page_says_so)


def test_draft_is_there_on_another_device(new_visitor):
    first = new_visitor()
    code = first.sign_in()
    first.answer_all(until="phone")
    second = new_visitor(viewport={"width": 390, "height": 800}, has_touch=True)
    second.sign_in(first.email, other_than=code)
    assert second.slug() == "phone"
    second.open("/lv/apply/name/")
    assert second.page.input_value("[name=surname]") == ANSWERS["name"]["surname"]
    second.open("/lv/apply/phone/")
    second.answer_all()
    first.page.reload()
    first.open("/lv/apply/check/")
    expect(first.page.locator("main")).to_contain_text(ANSWERS["employer"]["employer"])


def test_code_works_in_the_browser_that_asked_for_it_alone(new_visitor, product):
    first, second = new_visitor(), new_visitor()
    first.open("/lv/start/")
    first.page.fill("[name=email]", first.email)
    first.press()
    code = product.code_for(first.email)
    second.open("/lv/start/code/")
    second.page.fill("[name=code]", code)
    second.press()
    expect(second.page.locator("#id_code_error")).to_be_visible()
    first.page.fill("[name=code]", code)
    first.press()
    assert first.slug() == "amount"


def test_somebody_under_eighteen_is_refused_kindly(visitor):
    visitor.sign_in()
    visitor.answer_all(until="personal-code")
    visitor.answer(birth_date=("1", "2", "2015"), personal_code="320000-00000")
    assert visitor.slug() == "personal-code"
    error = visitor.page.locator("#id_birth_date_error")
    expect(error).to_contain_text("18")
    assert visitor.page.input_value("[name=birth_date_year]") == "2015"
    visitor.shot("too-young")


WRONG = {
    "amount": {"amount_cents": "lots", "term_months": "0"},
    "repayment": {"repayment_day": "31", "keyword": "ab"},
    "name": {"given_name": "R2D2", "surname": "<b>x</b>"},
    "personal-code": {"birth_date": ("31", "2", "1990"), "personal_code": "010290-12349"},
    "document": {"document_number": "!", "valid_until": ("1", "1", "2020")},
    "phone": {"phone": "12"},
    "address": {"street_address": "x" * 400, "city": "y" * 400, "postcode": "ABC"},
    "family": {"dependants": "-1"},
    "income": {"monthly_income_cents": "12,345"},
    "employer": {"employer": "z" * 400},
    "expenses": {"monthly_expenses_cents": "-5", "monthly_obligations_cents": "1e9"},
}


def test_every_wrong_answer_is_told_beside_its_field_and_kept_as_typed(visitor):
    visitor.sign_in()
    for slug, wrong in WRONG.items():
        assert visitor.slug() == slug
        for name, value in wrong.items():
            visitor.write(name, value)
        visitor.press()
        assert visitor.slug() == slug, f"{slug} took {wrong}"
        expect(visitor.page.locator(".error-summary")).to_be_focused()
        assert visitor.page.title().startswith("Kļūda")
        for name, value in wrong.items():
            expect(visitor.page.locator(f"#id_{name}_error")).to_be_visible()
            parts = (
                dict(zip(("_day", "_month", "_year"), value, strict=True))
                if isinstance(value, tuple)
                else {"": value}
            )
            for part, text in parts.items():
                assert visitor.page.input_value(f"[name={name}{part}]") == text
        if slug == "name":
            visitor.shot("errors")
        visitor.answer()


def test_unanswered_step_names_every_question(visitor):
    visitor.sign_in()
    visitor.press()
    assert visitor.page.locator(".field-error").count() == 3
    assert visitor.page.locator(".error-summary li").count() == 3


@pytest.mark.parametrize("language", ["en", "ru"])
def test_pages_speak_the_chosen_language(visitor, language):
    visitor.sign_in(language=language)
    expect(visitor.page.locator("html")).to_have_attribute("lang", language)
    assert f"/{language}/apply/amount/" in visitor.page.url

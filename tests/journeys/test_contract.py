"""From a chosen offer to a signed contract: the page, the mail, the account, and who saw what."""

from playwright.sync_api import expect

from tests.journeys.product import OFFERS, Product, until
from tests.journeys.staff import log_in

A_LENDER_MS = 30_000


def chosen_at(product: Product, slug: str, besides: set[str]) -> str:
    """The submission whose offer a sandbox lender was told is chosen."""

    def find() -> str | None:
        told = [one for one in product.lenders_log()["choices"] if one["slug"] == slug]
        return next((one["submission_id"] for one in told if one["submission_id"] not in besides), None)

    return str(until(find))


def test_from_the_choice_to_the_contract_and_what_the_others_delete(visitor, product):
    before = {one["submission_id"] for one in product.lenders_log()["choices"]}
    page = visitor.with_offers().page
    offers = page.url
    expect(page.locator("[data-waiting=false]")).to_be_visible(timeout=A_LENDER_MS)
    page.locator("li.offer", has_text="Ātrā").locator("a.button").click()
    visitor.press()
    page.evaluate("window.stayed = true")
    expect(page.locator(".note-good")).to_contain_text("Aizdevējs to zina", timeout=A_LENDER_MS)

    submission = chosen_at(product, "atra", before)
    product.say("atra", submission, "contract_signed")
    expect(page.locator(".note-good")).to_contain_text("ir parakstīts")
    expect(page.locator("li.offer")).to_have_count(1)
    states = page.locator(".lender-states")
    expect(states).to_contain_text("Tas datus glabā līdz", timeout=A_LENDER_MS)  # Lejas Kredīts
    expect(states.locator("li", has_text="Dzintara")).to_contain_text("Dati ir dzēsti", timeout=A_LENDER_MS)
    assert page.evaluate("window.stayed"), "the page was loaded again"
    reasons = {one["reason"] for one in product.lenders_log()["deletions"]}
    assert "not_selected" in reasons
    assert visitor.obstacles() == []
    visitor.shot("signed")

    until(lambda: "Parakstīts līgums, pieteikums" in product.get("/dev/mail/"))
    visitor.open("/lv/account/")
    expect(page.locator("main .application").first).to_contain_text("Līgums noslēgts")
    page.locator("a[href$='/seen/']").click()
    expect(page.locator(".sight", has_text="Lejas")).to_contain_text("Tas datus glabā līdz")
    expect(page.locator(".sight", has_text="Ātrā").first).not_to_contain_text("dzēst")
    assert visitor.obstacles() == []
    visitor.shot("seen")
    page.goto(offers)
    expect(page.locator("a[id^='choose-']")).to_have_count(0)


def test_other_figures_after_the_choice_are_told_beside_those_that_were_chosen(visitor, product):
    page = visitor.with_offers().page
    expect(page.locator("[data-waiting=false]")).to_be_visible(timeout=A_LENDER_MS)
    offer = page.locator("li.offer", has_text="Ātrā")
    shown = offer.locator(".figure-main").all_inner_texts()
    product.fault("atra", "change_offer", seconds=0.5)
    offer.locator("a.button").click()
    visitor.press()
    expect(offer).to_contain_text("ir atsūtījis savam piedāvājumam citus skaitļus", timeout=A_LENDER_MS)
    assert offer.locator(".figure-main").all_inner_texts() == shown
    assert visitor.obstacles() == []
    visitor.shot("restated")


def test_lender_that_declines_late_opens_the_other_offers(visitor, product):
    before = {one["submission_id"] for one in product.lenders_log()["choices"]}
    page = visitor.with_offers().page
    expect(page.locator("[data-waiting=false]")).to_be_visible(timeout=A_LENDER_MS)
    page.locator("li.offer", has_text="Lejas").locator("a.button").click()
    visitor.press()
    submission = chosen_at(product, "leja", before)
    product.say("leja", submission, "declined", reason="internal_policy")
    expect(page.locator(".note", has_text="atteica pēc tam")).to_be_visible(timeout=A_LENDER_MS)
    expect(page.locator("a[id^='choose-']")).to_have_count(OFFERS - 1)
    assert visitor.obstacles() == []
    visitor.shot("declined-late")
    until(lambda: f"pieejami {OFFERS - 1} citi piedāvājumi" in product.get("/dev/mail/"))


def test_officer_records_what_a_lender_answered_by_letter_and_the_person_reads_it(new_visitor, product):
    before = {one["submission_id"] for one in product.lenders_log()["choices"]}
    consumer = new_visitor().with_offers()
    page, reference = consumer.page, consumer.reference
    expect(page.locator("[data-waiting=false]")).to_be_visible(timeout=A_LENDER_MS)
    page.locator("li.offer", has_text="Ātrā").locator("a.button").click()
    consumer.press()
    submission = chosen_at(product, "atra", before)
    newest = [one for one in product.lenders_log()["evaluations"] if one["slug"] == "leja"][-1]
    product.say("leja", newest["submission_id"], "contract_signed")  # though it was not chosen
    product.say("atra", submission, "contract_signed")
    states = page.locator(".lender-states")
    expect(states.locator("li", has_text="Bākas")).to_contain_text("Lūdzam dzēst datus.")

    officer = new_visitor()
    log_in(officer, "dpo")
    officer.open("/admin/lenders/waiting/")
    expect(officer.page.locator("#signed")).to_be_visible()
    assert officer.obstacles() == []
    row = officer.page.locator("tr", has_text=reference).filter(has_text="Bākas").first
    row.locator("a[href*='deletionnotice']").click()
    officer.page.select_option("[name=acknowledgement]", "retained")
    officer.page.locator("[name=_save]").click()
    expect(officer.page.locator(".errorlist").first).to_be_visible()  # on what ground?
    officer.page.select_option("[name=basis]", "statutory_retention")
    officer.page.fill("[name=until]", "2031-11-30")
    officer.page.locator("[name=_save]").click()
    expect(officer.page.locator(".messagelist .success")).to_be_visible()
    expect(states.locator("li", has_text="Bākas")).to_contain_text("Tas datus glabā līdz 30.11.2031.")

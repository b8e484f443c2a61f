"""The published order of offers: by cost; where that is equal, by the Latvian alphabet."""

from dataclasses import dataclass

import pytest

from lenders.ordering import Order, in_order

NAMES = ["Ātrā Līzings", "Dzintara Aizdevumi", "Vētras Kredīti"]


@dataclass(frozen=True)
class Shown:
    lender_name: str
    apr: int = 1
    total_payable_cents: int = 1
    instalment_cents: int = 1


@pytest.mark.parametrize("order", Order)
def test_equal_offers_stand_by_the_latvian_alphabet(order: Order) -> None:
    shown = in_order([Shown(name) for name in reversed(NAMES)], order)
    assert [offer.lender_name for offer in shown] == NAMES


def test_a_name_never_outweighs_the_cost() -> None:
    cheap, dear = Shown("Žagata", apr=1), Shown("Ābols", apr=2)
    assert in_order([dear, cheap], Order.APR) == [cheap, dear]

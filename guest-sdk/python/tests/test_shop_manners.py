"""What shops really send, and what becomes of it: the same as in every other SDK."""

from __future__ import annotations

import pytest
from mapwright_guest import Decimal, Deleted, MappingInput, Order, Rejected, money
from mapwright_guest.woocommerce import Address, Product

HEAD = '"id": 27, "status": "processing", "currency": "BRL", "total": "1.00"'


def order(fields: str) -> Order:
    found = MappingInput(f"{{{HEAD}, {fields}}}").order()
    assert isinstance(found, Order)
    return found


@pytest.mark.parametrize("nothing", ['""', "null", "[]", "{}"])
def test_nothing_comes_in_many_writings(nothing: str) -> None:
    found = order(f'"billing": {nothing}, "line_items": {nothing}, "meta_data": {nothing}')
    assert found.billing.is_empty and not found.line_items and not found.meta_data


def test_texts_and_numbers_stand_for_each_other() -> None:
    found = order(
        '"line_items": [{"id": "5", "sku": null, "name": 12, "quantity": "3", "product_id": 0, "total": 9.90},'
        '{"id": 5, "sku": "A", "quantity": 2.5, "total": ""}],'
        '"customer_id": 12345678901234567890123, "prices_include_tax": "yes", "number": 1.10, "payment_method": false'
    )
    first, second = found.line_items
    assert first.id == second.id == "5"
    assert (first.sku, first.name, type(first.name)) == ("", "12", str)
    assert not first.product_id and first.product_id == "0"
    assert (str(first.quantity), str(second.quantity)) == ("3", "2.5")
    assert (str(first.total), second.total) == ("9.90", Decimal(0))
    assert found.customer_id == "12345678901234567890123"
    assert found.prices_include_tax
    assert (found.number, found.payment_method) == ("1.10", "false")


def test_a_number_keeps_the_digits_of_its_text() -> None:
    line = order('"line_items": [{"total": 33.333333333333336, "subtotal": 1e-7}]').line_items[0]
    assert money.plain(line.total) == "33.333333333333336"
    assert money.plain(line.subtotal) == "0.0000001"


def test_a_list_with_gaps_is_an_object_in_php() -> None:
    lines = order('"line_items": {"0": {"sku": "A"}, "2": {"sku": "B"}}').line_items
    assert [line.sku for line in lines] == ["A", "B"]


def test_what_no_model_knows_is_kept_as_it_came() -> None:
    found = order(
        '"billing": {"cpf": "52998224725", "first_name": "Jo\\u00e3o"}, "rate": 1.10, "twice": 1, "twice": [2 ],'
        '"meta_data": [{"key": "_fee", "value": {"amount": 4.99}}, {"key": "_note", "value": "a\\nb"}]'
    )
    rate = found.extra.get("rate")
    assert found.billing.plugin_field("cpf") == "52998224725"
    assert rate is not None and (rate.raw, rate.text(), rate.value) == ("1.10", "1.10", Decimal("1.10"))
    assert [(name, value.raw) for name, value in found.extra.items()] == [
        ("rate", "1.10"), ("twice", "1"), ("twice", "[2 ]")
    ]
    assert found.meta("_fee") is None, "an object is no text"
    assert found.meta_data[0].value.raw == '{"amount": 4.99}'
    assert found.meta_data[0].value.value == {"amount": Decimal("4.99")}
    assert found.meta("_note") == "a\nb"
    assert found.billing.full_name == "João"
    assert "rate" in found.extra and "id" not in found.extra and found.extra.get("id") is None


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ('"line_items": [{}, {"quantity": "many"}]', "/line_items/1/quantity"),
        ('"line_items": [{"taxes": [{"total": {}}]}]', "/line_items/0/taxes/0/total"),
        ('"line_items": [{"total": true}]', "/line_items/0/total"),
        ('"billing": "somewhere"', "/billing"),
        ('"billing": {"city": ["a"]}', "/billing/city"),
        ('"line_items": {"7": {"id": [1]}}', "/line_items/7/id"),
        ('"line_items": {"a/b~": 7}', "/line_items/a~1b~0"),
        ('"line_items": 7', "/line_items"),
        ('"customer_id": true', "/customer_id"),
        ('"prices_include_tax": "perhaps"', "/prices_include_tax"),
    ],
)
def test_a_fault_has_its_place(fields: str, pointer: str) -> None:
    with pytest.raises(Rejected) as caught:
        order(fields)
    [violation] = caught.value.violations
    assert (violation.pointer, violation.code) == (pointer, "payload_malformed")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ("", "", "payload_not_json"),
        ('{"id": 27, "status', "", "payload_not_json"),
        ('{"id": 27, "status": "processing", "currency": "BRL"}', "/total", "payload_malformed"),
        ('{"code": "woocommerce_rest_cannot_view", "data": {"status": 403}}', "/code", "source_error"),
        ("[1]", "", "payload_malformed"),
        ('"order"', "", "payload_malformed"),
    ],
)
def test_what_is_no_order_says_what_it_is(body: str, pointer: str, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        MappingInput(body).order()
    assert (caught.value.violations[0].pointer, caught.value.violations[0].code) == (pointer, code)


def test_a_deleted_order_is_its_id() -> None:
    assert MappingInput('{"id":27}').order() == Deleted(MappingInput('{"id":27}').order().id)
    assert isinstance(MappingInput('{"id":27}').product(), Deleted)


def test_a_variation_says_whose_it_is() -> None:
    product = MappingInput(
        '{"id": 18, "type": "variation", "parent_id": 17, "sku": "CALCA-P-AZ", "price": "189.90",'
        '"images": [{"id": "", "src": ""}], "stock_quantity": null, "manage_stock": "parent"}'
    ).product()
    assert isinstance(product, Product) and product.is_variation
    assert (product.manage_stock, product.stock_quantity) == ("parent", Decimal(0))
    assert not product.images[0].id


def test_models_can_be_made_by_hand() -> None:
    made = Order(status="processing", total=Decimal("1.00"), billing=Address(first_name="Ana", country="BR", state="SP"))
    assert (made.billing.full_name, made.billing.subdivision, made.is_guest) == ("Ana", "BR-SP", True)
    assert made.delivery_address is made.billing and made.line_items == []

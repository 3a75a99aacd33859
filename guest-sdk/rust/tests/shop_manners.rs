//! What shops really send, and what becomes of it.

use mapwright_guest::Refusal;
use mapwright_guest::money::Decimal;
use mapwright_guest::woocommerce::{Body, Order, Product};

fn order(fields: &str) -> Result<Order, Refusal> {
    let head = r#""id": 27, "status": "processing", "currency": "BRL", "total": "1.00""#;
    match Body::<Order>::read(&format!("{{{head}, {fields}}}"))? {
        Body::Present(order) => Ok(*order),
        Body::Deleted(id) => panic!("order {id} is not deleted"),
    }
}

fn fault(refusal: Refusal) -> (String, String) {
    match refusal {
        Refusal::Rejected(violations) => {
            (violations[0].pointer.clone(), violations[0].code.clone())
        }
        Refusal::NotReady(reason) => panic!("not ready: {reason}"),
    }
}

#[test]
fn nothing_comes_in_many_writings() {
    for nothing in [r#""""#, "null", "[]", "{}"] {
        let order = order(&format!(
            r#""billing": {nothing}, "line_items": {nothing}, "meta_data": {nothing}"#
        ));
        let order = order.unwrap_or_else(|e| panic!("{nothing}: {e}"));
        assert!(order.billing.is_empty() && order.line_items.is_empty());
    }
}

#[test]
fn texts_and_numbers_stand_for_each_other() {
    let order = order(
        r#""line_items": [
            {"id": "5", "sku": null, "name": 12, "quantity": "3", "product_id": 0, "total": 9.90},
            {"id": 5, "sku": "A", "quantity": 2.5, "total": ""}
        ], "customer_id": 12345678901234567890123, "prices_include_tax": "yes""#,
    )
    .expect("all of this has been seen");
    let [first, second] = order.line_items.as_slice() else { panic!("two lines") };
    assert_eq!((first.id.as_str(), second.id.as_str()), ("5", "5"));
    assert_eq!((first.sku.as_str(), first.name.as_str()), ("", "12"));
    assert!(!first.product_id.is_set());
    assert_eq!(
        (first.quantity.to_string(), second.quantity.to_string()),
        ("3".into(), "2.5".into())
    );
    assert_eq!((first.total.to_string(), second.total), ("9.90".into(), Decimal::ZERO));
    assert_eq!(order.customer_id.as_str(), "12345678901234567890123");
    assert!(order.prices_include_tax);
}

#[test]
fn a_number_keeps_the_digits_of_its_text() {
    let order = order(r#""line_items": [{"total": 33.333333333333336, "subtotal": 1e-7}]"#);
    let line = &order.expect("numbers are numbers").line_items[0];
    assert_eq!(line.total.to_string(), "33.333333333333336");
    assert_eq!(line.subtotal.to_string(), "0.0000001");
}

#[test]
fn a_list_with_gaps_is_an_object_in_php() {
    let order = order(r#""line_items": {"0": {"sku": "A"}, "2": {"sku": "B"}}"#);
    let skus: Vec<_> =
        order.expect("PHP does that").line_items.into_iter().map(|l| l.sku).collect();
    assert_eq!(skus, ["A", "B"]);
}

#[test]
fn what_no_model_knows_is_kept_as_it_came() {
    let order = order(
        r#""billing": {"cpf": "52998224725", "first_name": "Jo\u00e3o"}, "rate": 1.10,
           "meta_data": [{"key": "_fee", "value": {"amount": 4.99}}, {"key": "_note", "value": "a\nb"}]"#,
    )
    .expect("plug-ins add fields");
    assert_eq!(order.billing.plugin_field("cpf").as_deref(), Some("52998224725"));
    assert_eq!(order.extra.get("rate").map(|rate| rate.raw()), Some("1.10"));
    assert_eq!(order.meta("_fee"), None, "an object is no text");
    assert_eq!(order.meta_data[0].value.raw(), r#"{"amount": 4.99}"#);
    assert_eq!(order.meta("_note").as_deref(), Some("a\nb"));
    assert_eq!(order.billing.full_name(), "João");
}

#[test]
fn a_fault_has_its_place() {
    for (fields, pointer) in [
        (r#""line_items": [{}, {"quantity": "many"}]"#, "/line_items/1/quantity"),
        (r#""line_items": [{"taxes": [{"total": {}}]}]"#, "/line_items/0/taxes/0/total"),
        (r#""billing": "somewhere""#, "/billing"),
        (r#""line_items": {"7": {"id": [1]}}"#, "/line_items/7/id"),
        (r#""prices_include_tax": "perhaps""#, "/prices_include_tax"),
    ] {
        let (at, code) = fault(order(fields).expect_err(fields));
        assert_eq!((at.as_str(), code.as_str()), (pointer, "payload_malformed"), "{fields}");
    }
}

#[test]
fn what_is_no_order_says_what_it_is() {
    for (body, pointer, code) in [
        ("", "", "payload_not_json"),
        (r#"{"id": 27, "status"#, "", "payload_not_json"),
        (r#"{"id": 27, "status": "processing", "currency": "BRL"}"#, "/total", "payload_malformed"),
        (
            r#"{"code": "woocommerce_rest_cannot_view", "data": {"status": 403}}"#,
            "/code",
            "source_error",
        ),
        ("[1]", "", "payload_malformed"),
        ("\"order\"", "", "payload_malformed"),
    ] {
        let (at, found) = fault(Body::<Order>::read(body).map(|_| ()).expect_err(body));
        assert_eq!((at.as_str(), found.as_str()), (pointer, code), "{body}");
    }
    assert!(
        matches!(Body::<Order>::read(r#"{"id":27}"#), Ok(Body::Deleted(id)) if id.as_str() == "27")
    );
}

#[test]
fn a_variation_says_whose_it_is() {
    let body = r#"{"id": 18, "type": "variation", "parent_id": 17, "sku": "CALCA-P-AZ", "price": "189.90",
                   "images": [{"id": "", "src": ""}], "stock_quantity": null, "manage_stock": "parent"}"#;
    let Ok(Body::Present(product)) = Body::<Product>::read(body) else { panic!("a product") };
    assert!(product.is_variation());
    assert_eq!((product.manage_stock.as_str(), product.stock_quantity), ("parent", Decimal::ZERO));
    assert!(!product.images[0].id.is_set());
}

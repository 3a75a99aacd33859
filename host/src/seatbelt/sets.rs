//! Belts about what stands in a document: its currency, its products, the fields it must have.

use std::collections::BTreeSet;

use super::settings::{Currency, Required, Skus};
use super::{Breaches, Looked};
use crate::exact::{Node, Value};

pub(super) fn currency(belt: &Currency, at: &Looked<'_, '_>, breaches: &mut Breaches) {
    if !at.is(&belt.entity) {
        return;
    }
    let shop = belt.payload.find(at).first().map(|found| found.node.shown().to_owned());
    for found in belt.document.find(at) {
        let here = found.node.shown();
        if shop.as_deref() == Some(here) {
            continue;
        }
        let shop = shop.clone().unwrap_or_else(|| "none".to_owned());
        let message = format!("{} is {here}, the shop's currency is {shop}", found.pointer);
        breaches.add("currency", Some(at.document), &found.pointer, here.to_owned(), shop, message);
    }
}

pub(super) fn skus(belt: &Skus, at: &Looked<'_, '_>, breaches: &mut Breaches) {
    if !at.is(&belt.entity) {
        return;
    }
    let set = |found: Vec<crate::exact::Found<'_, '_>>| -> BTreeSet<String> {
        let skus = found.iter().map(|it| it.node.shown().trim().to_owned());
        skus.filter(|sku| !sku.is_empty() && sku != "null").collect()
    };
    let document = set(belt.document.find(at));
    if belt.entity.is_empty() && document.is_empty() {
        return; // a document of another kind
    }
    let ordered = set(belt.payload.find(at));
    let mut refuse = |found: &str, wanted: &str, message: String| {
        let (found, wanted) = (found.to_owned(), wanted.to_owned());
        breaches.add("skus", Some(at.document), "", found, wanted, message);
    };
    for sku in ordered.difference(&document) {
        refuse("", sku, format!("{sku} was ordered and is not in the document"));
    }
    let any = belt.others.iter().any(|other| other == "*");
    for sku in document.difference(&ordered) {
        if !any && !belt.others.contains(sku) {
            refuse(sku, "", format!("{sku} is in the document and was not ordered"));
        }
    }
}

pub(super) fn required(belt: &Required, at: &Looked<'_, '_>, breaches: &mut Breaches) {
    if belt.entity != at.document.entity {
        return;
    }
    for field in &belt.fields {
        let found = field.find(at.body);
        let (pointer, what) = match found.iter().find(|it| empty(it.node)) {
            None if !found.is_empty() => continue,
            None => (field.to_string(), "not there".to_owned()),
            Some(empty) => (empty.pointer.clone(), format!("empty ({})", empty.node.text)),
        };
        let message = format!("{pointer} is {what} and must hold something");
        breaches.add(
            "required",
            Some(at.document),
            &pointer,
            what,
            "something".to_owned(),
            message,
        );
    }
}

fn empty(node: &Node<'_>) -> bool {
    match &node.value {
        Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

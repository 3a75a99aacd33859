//! An answer taken apart: each of its leaves by name, with what stands in it.

use crate::exact::{Node, Value, escape};
use crate::plugin::{Outcome, Run};

/// One leaf of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// `sale/lines/0/unit_price`, `sale@key`, `@status`, `@checkpoint/state`.
    pub(super) at: String,
    /// The same with indices folded.
    pub(super) folded: String,
    /// What stands there; a text without its quotes.
    pub(super) value: String,
}

/// All leaves of an answer, in its order.
pub(super) fn fields(run: &Run) -> Vec<Field> {
    let mut out = Vec::new();
    let mut one = |at: String, folded: String, value: &str| {
        out.push(Field { at, folded, value: value.to_owned() });
    };
    if let Some(status) = &run.status {
        one("@status".to_owned(), "@status".to_owned(), status);
    }
    for (index, line) in run.lines.iter().enumerate() {
        for (name, value) in
            [("sku", &line.sku), ("quantity", &line.quantity), ("unit_price", &line.unit_price)]
        {
            one(format!("@lines/{index}/{name}"), format!("@lines/*/{name}"), value);
        }
    }
    let Outcome::Mapped { documents, checkpoint } = &run.outcome else { return out };
    for document in documents {
        let entity = escape(&document.entity).into_owned();
        let operation = format!("{:?}", document.operation).to_lowercase();
        let mut one = |name: &str, value: &str| {
            let at = format!("{entity}@{name}");
            out.push(Field { folded: at.clone(), at, value: value.to_owned() });
        };
        one("key", &document.key);
        one("operation", &operation);
        for (name, value) in &document.attributes {
            one(&format!("attributes/{}", escape(name)), value);
        }
        if let Some(body) = Node::of(document.body.get()) {
            spread(&entity, &entity, &body, &mut out);
        }
    }
    if let Some(node) = checkpoint.as_deref().and_then(Node::of) {
        spread("@checkpoint", "@checkpoint", &node, &mut out);
    }
    out
}

fn spread(at: &str, folded: &str, node: &Node<'_>, out: &mut Vec<Field>) {
    match &node.value {
        Value::Object(members) if !members.is_empty() => {
            for member in members {
                let key = escape(&member.key);
                spread(&format!("{at}/{key}"), &format!("{folded}/{key}"), &member.value, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                spread(&format!("{at}/{index}"), &format!("{folded}/*"), item, out);
            }
        }
        _ => out.push(Field {
            at: at.to_owned(),
            folded: folded.to_owned(),
            value: node.shown().to_owned(),
        }),
    }
}

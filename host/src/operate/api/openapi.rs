//! The OpenAPI 3.1 document, written from the table of paths and the schemas beside it.

use serde_json::{Map, Value, json};

use super::table::{COMPONENT, Endpoint, Gives, Method, TABLE, VALUE};

const SCHEMAS: &str = include_str!("schemas.json");

pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for endpoint in TABLE {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        let method = match endpoint.method {
            Method::Get => "get",
            Method::Post => "post",
            Method::Put => "put",
            Method::Delete => "delete",
        };
        path[method] = operation(endpoint);
    }
    let schemas: Value = serde_json::from_str(SCHEMAS).expect("a test reads it");
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Mapwright",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What the host holds, and what may be done about it.",
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut parameters: Vec<Value> = endpoint
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(endpoint.query.iter().map(|name| parameter(name)));
    if endpoint.method == Method::Post {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "schema": { "type": "string" },
            "description": "The same key is carried out once; kept for 24 hours",
        }));
    }
    let status = if matches!(endpoint.gives, Gives::Made(_)) { "201" } else { "200" };
    let problem = json!({
        "description": "RFC 9457",
        "content": { "application/problem+json": { "schema": reference("Problem") } },
    });
    let mut operation = json!({
        "operationId": format!("{:?} {}", endpoint.method, endpoint.path),
        "summary": endpoint.summary,
        "parameters": parameters,
        "x-mapwright-role": endpoint.needs,
        "x-mapwright-about": format!("{:?}", endpoint.about).to_lowercase(),
        "responses": { status: { "description": endpoint.summary, "content": content(endpoint.gives) }, "default": problem },
    });
    if endpoint.takes == Some(COMPONENT) {
        operation["requestBody"] = json!({ "required": true, "content": {
                "application/wasm": {}, "application/zip": {}, "application/gzip": {},
            } });
        for (name, description) in [
            ("X-Mapwright-Signature", "ed25519 over the bytes of the body, base64"),
            ("X-Mapwright-Client", "`push`, where the command sends it"),
        ] {
            let header = json!({
                "name": name, "in": "header", "schema": { "type": "string" },
                "description": description,
            });
            if let Some(parameters) = operation["parameters"].as_array_mut() {
                parameters.push(header);
            }
        }
    } else if endpoint.takes == Some(VALUE) {
        operation["requestBody"] =
            json!({ "required": true, "content": { "text/csv": {}, "application/json": {} } });
    } else if let Some(schema) = endpoint.takes {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": reference(schema) } } });
    }
    operation
}

fn content(gives: Gives) -> Value {
    let json_of = |schema: Value| json!({ "application/json": { "schema": schema } });
    let page = |schema: &str| {
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["items", "next"],
            "properties": {
                "items": { "type": "array", "items": reference(schema) },
                "next": { "type": ["string", "null"] },
            },
        })
    };
    match gives {
        Gives::One(schema) | Gives::Made(schema) => json_of(reference(schema)),
        Gives::All(schema) => json_of(page(schema)),
        Gives::Pages(schema) => json!({
            "application/json": { "schema": page(schema) },
            "application/x-ndjson": { "schema": reference(schema) },
        }),
        Gives::Lines(schema) => json!({ "application/x-ndjson": { "schema": reference(schema) } }),
        Gives::Payload => json!({ "application/octet-stream": {} }),
        Gives::Document => json_of(json!({ "type": "object" })),
    }
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn parameter(name: &str) -> Value {
    let text = json!({ "type": "string" });
    let moment = json!({ "type": "string", "format": "date-time" });
    let (schema, description) = match name {
        "limit" => (json!({ "type": "integer", "minimum": 1, "maximum": 500 }), "Rows of a page"),
        "cursor" => (text, "`next` of the page before, as it is"),
        "from" => (moment, "Accepted at this moment or later"),
        "to" => (moment, "Accepted before this moment"),
        "state" => (reference("State"), "Where the event, or a passage of it, stands"),
        "issue" => (json!({ "type": "integer" }), "The number of an issue"),
        "issue_state" => (reference("IssueState"), "Where the issue stands"),
        "status" => (text, "Where it stands"),
        "resource" => (text, "What it is about (`order/27`); needs a merchant"),
        "last" => (text, "The newest so many events"),
        "base" => (text, "The version to compare with; what is in use, if nothing is said"),
        "why" => (text, "The reason, for the audit record"),
        "kind" => (text, "`differs`, `extra`, `failed`, `breach` or `under_way`"),
        _ => (text, "Only of this"),
    };
    json!({ "name": name, "in": "query", "schema": schema, "description": description })
}

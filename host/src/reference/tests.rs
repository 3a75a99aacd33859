//! References, by example and by chance.

use super::*;
use proptest::prelude::*;

fn put(body: &str, id: &str) -> String {
    let references = scan(body).unwrap();
    let ids = vec![id.to_owned(); references.len()];
    splice(body, &references, &ids).into_owned()
}

#[test]
fn a_body_without_references_passes_byte_for_byte() {
    let body = "{ \"price\":1.10,\n\"big\" : 123456789012345678901234567890, \"s\":\"\\u00e9\" }";
    assert!(matches!(splice(body, &scan(body).unwrap(), &[]), Cow::Borrowed(same) if same == body));
}

#[test]
fn ids_stand_where_references_stood_and_nothing_else_moves() {
    let body = r#"{"party": {"$ref":{"entity":"party","key":"WC-2"}} ,"lines":[{"n":1.10,"p":{ "$ref" : {"key":"A/1","entity":"product"} }}]}"#;
    let references = scan(body).unwrap();
    assert_eq!(references[0].pointer, "/party");
    assert_eq!(references[1].pointer, "/lines/0/p");
    assert_eq!((references[1].entity.as_str(), references[1].key.as_str()), ("product", "A/1"));
    assert_eq!(
        splice(body, &references, &["7".to_owned(), "\"x\"".to_owned()]),
        r#"{"party": 7 ,"lines":[{"n":1.10,"p":"x"}]}"#
    );
}

#[test]
fn an_escaped_reference_is_still_a_reference() {
    assert_eq!(put(r#"[{"\u0024ref":{"entity":"a","key":"b"}}]"#, "1"), "[1]");
}

#[test]
fn the_text_of_a_string_is_not_a_reference() {
    let body = r#"{"note":"{\"$ref\":{\"entity\":\"a\",\"key\":\"b\"}}"}"#;
    assert_eq!(scan(body), Ok(Vec::new()));
}

#[test]
fn what_is_nearly_a_reference_is_refused_by_place() {
    for (body, problem) in [
        (r##"{"a":{"$ref":"#/x"}}"##, "not an object"),
        (r#"{"a":{"$ref":{"entity":"e"}}}"#, "key is missing"),
        (r#"{"a":{"$ref":{"key":"e"}}}"#, "entity is missing"),
        (r#"{"a":{"$ref":{"entity":"e","key":""}}}"#, "key is empty"),
        (r#"{"a":{"$ref":{"entity":"e","key":7}}}"#, "key is not a string"),
        (r#"{"a":{"$ref":{"entity":"e","key":"k","x":"y"}}}"#, "x is not part"),
        (r#"{"a":{"$ref":{"entity":"e","key":"k","key":"k"}}}"#, "given twice"),
        (r#"{"a":{"$ref":{"entity":"e","key":"k"},"b":1}}"#, "other members"),
    ] {
        let error = scan(body).unwrap_err().to_string();
        assert!(error.starts_with("/a: ") && error.contains(problem), "{body}: {error}");
        assert_eq!(check(body), scan(body).map(drop), "{body}");
    }
}

#[test]
fn hostile_bodies_are_errors_not_panics() {
    let deep = format!("{}\"$ref\"{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(scan(&deep), Err(Error::TooDeep));
    assert!(matches!(scan("{\"$ref\":"), Err(Error::NotJson(_))));
}

#[test]
fn only_ids_that_read_back_the_same_become_numbers() {
    for (id, number) in
        [("7", true), ("0", true), ("007", false), ("", false), ("-1", false), ("1e3", false)]
    {
        assert_eq!(id_as_number(id).is_some(), number, "{id}");
    }
    assert_eq!(id_as_number("1234567890123456789"), None);
    assert_eq!(id_as_string("a\"b"), "\"a\\\"b\"");
}

#[test]
fn a_value_is_found_by_pointer_in_its_own_text() {
    let text = r#"{"data":[{"id":1.10},{"a/b":{"~":"x"}}],"n":12345678901234567890123}"#;
    for (pointer, found) in [
        ("/data/0/id", Some("1.10")),
        ("/data/1/a~1b/~0", Some("\"x\"")),
        ("/n", Some("12345678901234567890123")),
        ("", Some(text)),
        ("/data/2", None),
        ("/data/x", None),
        ("/n/1", None),
        ("data", None),
    ] {
        assert_eq!(value_at(text, pointer).map(RawValue::get), found, "{pointer}");
    }
    assert!(value_at("<html>", "/id").is_none());
}

/// JSON text with numbers in all their spellings, references strewn in, and white space.
fn json_text() -> impl Strategy<Value = String> {
    let reference = ("[a-z]{1,6}", "[ -!#-\\[\\]-~é]{1,8}")
        .prop_map(|(entity, key)| format!(r#"{{ "$ref":{{"entity":"{entity}", "key":"{key}"}}}}"#));
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?",
        "[ -!#-\\[\\]-~é]{0,12}".prop_map(|text| format!("\"{text}\"")),
        Just("true".to_owned()),
        Just("null".to_owned()),
        reference,
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        let items = prop::collection::vec((" {0,2}", inner.clone()), 0..6)
            .prop_map(|items| items.into_iter().map(|(w, v)| w + &v).collect::<Vec<_>>());
        let members =
            prop::collection::vec(("[a-z~/]{0,4}", " {0,2}", inner), 0..6).prop_map(|all| {
                let text = |(name, white, value)| format!("{white}\"{name}\":{value}");
                all.into_iter().map(text).collect::<Vec<_>>()
            });
        prop_oneof![
            items.prop_map(|items| format!("[{}]", items.join(" ,"))),
            members.prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn number_text_survives_whatever_stands_around_it(body in json_text()) {
        // The expected text is made by plain replacement: references are written in one form only.
        let mut expected = body.clone();
        while let Some(start) = expected.find("{ \"$ref\"") {
            let end = start + expected.get(start..).unwrap().find("\"}}").unwrap() + 3;
            expected.replace_range(start..end, "42");
        }
        prop_assert_eq!(put(&body, "42"), expected);
    }

    #[test]
    fn no_text_makes_it_panic(body in "\\PC{0,60}") {
        if let Ok(references) = scan(&body) {
            let ids = vec!["1".to_owned(); references.len()];
            prop_assert!(splice(&body, &references, &ids).len() <= body.len());
        }
        drop(scan(&format!("{{\"$ref\":{body}}}")));
    }
}

proptest! {
    #[test]
    fn the_quick_look_says_what_the_walk_says(
        parts in proptest::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", " ", "\n", "1", "\"$ref\"", "\"\\u0024ref\"", "\"\"", "\"e\"",
                "\"entity\":\"a\"", "\"key\":\"b\"", "\"key\":\"\"", "{\"$ref\":{\"entity\":\"a\",\"key\":\"b\"}}",
                "{ \"$ref\" :\n{ \"key\":\"\\\"\" , \"entity\":\"$ref\"} }", "{\"$ref\":{\"entity\":5,\"key\":\"b\"}}",
                "{\"$ref\":[\"a\",\"b\"]}", "{\"$ref\":{\"entity\":\"a\",\"key\":\"b\"},\"x\":1}", "{\"x\":\"$ref\"}",
                "\"{\\\"$ref\\\":1}\"",
            ]),
            1..12,
        ),
    ) {
        let list = format!("[{}]", parts.join(","));
        for body in [parts.concat(), list] {
            if serde_json::from_str::<&RawValue>(&body).is_ok() {
                prop_assert_eq!(check(&body), scan(&body).map(drop), "{}", body);
            }
        }
    }
}

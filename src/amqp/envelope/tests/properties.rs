//! What holds for any bytes.

use proptest::prelude::*;

use super::*;

fn any_header() -> impl Strategy<Value = HeaderValue> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(HeaderValue::Integer),
        any::<String>().prop_map(HeaderValue::Text),
        any::<Vec<u8>>().prop_map(HeaderValue::Bytes),
    ];
    leaf.prop_recursive(6, 32, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(HeaderValue::List)
    })
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(
        key in "(portal|sede|x)?\\.?[a-z0-9.-]{0,20}(request\\.(submit|reply))?",
        kind in proptest::option::of("request\\.(submit|reply|solicit)|.{0,10}"),
        content_type in proptest::option::of("application/(cloudevents\\+)?json(;.{0,9})?|.{0,10}"),
        headers in prop::collection::btree_map("traceparent|schema-version|.{0,5}", any_header(), 0..5),
        body in prop_oneof![any::<Vec<u8>>(), "[\\[\\]{}\":,a-z0-9\\\\u]{0,80}".prop_map(String::into_bytes)],
    ) {
        let properties = Properties {
            message_id: Some("m".to_owned()), kind, content_type, headers: Headers(headers), ..Properties::default()
        };
        let rules = DecodeRules { max_body_bytes: 1000, publishers: Publishers::ByRoutingKey };
        let _ = decode(&RawDelivery { routing_key: &key, properties: &properties, body: &body }, &rules);
    }

    /// Every command of the catalogue, from bytes that are nearly right.
    #[test]
    fn no_body_of_any_command_makes_it_panic(
        kind in prop::sample::select(CommandKind::ALL.to_vec()),
        cut in 0_usize..700,
        with in "[\\[\\]{}\":, a-z0-9\\\\u]{0,6}",
    ) {
        let mut body = crate::schema::Message::Command(kind).example().to_string().into_bytes();
        let at = cut.min(body.len());
        body.splice(at..(at + 2).min(body.len()), with.bytes());
        let _ = decode_body(kind, &body);
    }

    #[test]
    fn what_the_decoder_takes_its_schema_takes(cut in 0_usize..500, with in "[\\[\\]{}\":, a-z0-9]{0,3}") {
        let mut body = submit_body().to_string().into_bytes();
        let at = cut.min(body.len() - 1);
        body.splice(at..=at, with.bytes());
        // Written again: the decoder forgives case and surrounding spaces, the schema shows the plain form.
        if let Ok(Command::Submit(submit)) = decode_body(CommandKind::Submit, &body) {
            let value = serde_json::to_value(&submit).unwrap();
            let schema = crate::schema::Message::Command(CommandKind::Submit).schema();
            prop_assert!(jsonschema::is_valid(&schema, &value));
        }
    }
}

#[test]
fn the_corpus_of_bodies_is_read_or_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/corpus/bodies");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let body = std::fs::read(&path).unwrap();
        for kind in CommandKind::ALL {
            assert!(decode_body(*kind, &body).is_err(), "{} as {kind}", path.display());
        }
    }
}

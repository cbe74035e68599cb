//! Adds to a body what its path and its token say: the request and who acts. What the body says itself must agree.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::domain::command::{CommandKind, Role};
use crate::domain::ids::RequestId;
use crate::domain::person::{Capacity, Membership, Person};
use crate::http::api::caller::forbidden;
use crate::http::problem::Problem;

/// The body as it would have come over AMQP. Text that is no JSON object is left as it is: the decoder says what is
/// wrong with it.
pub(super) fn complete(
    body: &[u8],
    kind: CommandKind,
    request: Option<RequestId>,
    person: &Person,
) -> Result<Vec<u8>, Problem> {
    let text = if body.is_empty() { b"{}" } else { body };
    let Ok(Value::Object(mut members)) = serde_json::from_slice(text) else {
        return Ok(text.to_vec());
    };
    let text = without_nulls(text, &mut members);
    // Members are added at the end of the text, so that the decoder still sees what the client wrote.
    let mut added = Map::new();
    if let Some(request) = request {
        agree(&members, "request_id", &request.to_string())?;
        add(&mut members, &mut added, "request_id", json!(request));
    }
    match &person.capacity {
        Capacity::Patronato(membership) => {
            of_operator(&mut members, &mut added, kind, person, membership)?;
        }
        Capacity::Sede { .. } => {
            same_person(&members, "officer", person)?;
            add(&mut members, &mut added, "officer", json!(person.as_officer()));
        }
        Capacity::Manager => {}
    }
    Ok(appended(&text, &added))
}

/// Members that path and token can say as well. Null says as little as nothing, and both at once would be one too many.
const SUPPLIED: [&str; 7] = [
    "request_id",
    "role",
    "patronato",
    "office",
    "operator",
    "officer",
    "region",
];

/// The text of an object, and its members, without the supplied ones that are null.
fn without_nulls<'t>(text: &'t [u8], members: &mut Map<String, Value>) -> Cow<'t, [u8]> {
    let all = members.len();
    members.retain(|name, value| !(value.is_null() && SUPPLIED.contains(&name.as_str())));
    if members.len() == all {
        return text.into();
    }
    let Ok(Members(written)) = serde_json::from_slice(text) else {
        return text.into();
    };
    let kept = written
        .iter()
        .filter(|(name, value)| !(value.get() == "null" && SUPPLIED.contains(&name.as_str())))
        .map(|(name, value)| format!("{}:{value}", json!(name)));
    format!("{{{}}}", kept.collect::<Vec<_>>().join(","))
        .into_bytes()
        .into()
}

/// The members of an object as they were written, those that stand there twice as well.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

fn of_operator(
    members: &mut Map<String, Value>,
    added: &mut Map<String, Value>,
    kind: CommandKind,
    person: &Person,
    membership: &Membership,
) -> Result<(), Problem> {
    same_person(members, "operator", person)?;
    agree(members, "office", membership.office.as_str())?;
    add(members, added, "operator", json!(person.as_operator()));
    add(members, added, "office", json!(membership.office));
    if kind != CommandKind::Submit {
        return Ok(());
    }
    agree(members, "patronato", membership.patronato.as_str())?;
    add(members, added, "patronato", json!(membership.patronato));
    if let [only] = membership.roles.as_slice() {
        add(members, added, "role", json!(only));
    }
    let role = members
        .get("role")
        .and_then(Value::as_str)
        .and_then(Role::from_word);
    if role.is_some_and(|role| !membership.may_act_as(role)) {
        return Err(forbidden("you do not have this role").field("/role", "not one of yours"));
    }
    if let Some(region) = membership.region {
        add(members, added, "region", json!(region));
    }
    Ok(())
}

/// Notes a member the body does not have.
fn add(members: &mut Map<String, Value>, added: &mut Map<String, Value>, name: &str, value: Value) {
    if !members.contains_key(name) {
        members.insert(name.to_owned(), value.clone());
        added.insert(name.to_owned(), value);
    }
}

/// What the body says itself must be what its path or token says.
fn agree(members: &Map<String, Value>, name: &str, wanted: &str) -> Result<(), Problem> {
    match members.get(name) {
        Some(Value::String(said)) if !said.eq_ignore_ascii_case(wanted) => {
            Err(forbidden("the body speaks for somebody else")
                .field(format!("/{name}"), "not what your token or the path says"))
        }
        Some(_) | None => Ok(()),
    }
}

fn same_person(members: &Map<String, Value>, name: &str, person: &Person) -> Result<(), Problem> {
    let said = members.get(name).and_then(|value| value.get("id"));
    match said {
        Some(Value::String(id)) if id != person.id.as_str() => {
            Err(forbidden("the body speaks for somebody else")
                .field(format!("/{name}/id"), "not who your token says"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The text of an object with further members.
fn appended(text: &[u8], added: &Map<String, Value>) -> Vec<u8> {
    let mut whole = text.trim_ascii_end().to_vec();
    if added.is_empty() || whole.pop() != Some(b'}') {
        return text.to_vec();
    }
    let empty = whole.trim_ascii_end().ends_with(b"{");
    let members = serde_json::to_vec(added).unwrap_or_default();
    if !empty {
        whole.push(b',');
    }
    whole.extend_from_slice(&members[1..]);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(pairs: &[(&str, &str)]) -> Map<String, Value> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect()
    }

    #[test]
    fn what_is_supplied_may_be_null() {
        let text = br#"{"office": null, "text": null, "a\"": [1.50, null], "a\"": 2, "role":null}"#;
        let mut members = serde_json::from_slice(text).unwrap();
        let kept = without_nulls(text, &mut members);
        assert_eq!(
            std::str::from_utf8(&kept).unwrap(),
            r#"{"text":null,"a\"":[1.50, null],"a\"":2}"#
        );
        assert!(!members.contains_key("office") && members.contains_key("text"));
    }

    #[test]
    fn members_are_added_to_the_text_as_it_was_written() {
        let more = added(&[("b", "2")]);
        assert_eq!(appended(b"{}", &more), br#"{"b":"2"}"#);
        assert_eq!(appended(b"{ \"a\": 1 }\n", &more), br#"{ "a": 1 ,"b":"2"}"#);
        assert_eq!(appended(b"{\"a\":1}", &Map::new()), b"{\"a\":1}");
    }
}

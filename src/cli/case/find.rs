//! Which request is meant: by protocol number, by id, or by the beginning of an id.

use uuid::Uuid;

use crate::cli::exit::Failure;
use crate::domain::filter::{Order, Page, RequestFilter};
use crate::domain::ids::RequestId;
use crate::domain::protocol::ProtocolNumber;
use crate::domain::request::Request;
use crate::store::{Store, Viewer};

/// Shorter beginnings name too many.
const SHORTEST_BEGINNING: usize = 4;
/// Digits of an id.
const DIGITS: usize = 32;

/// What a person wrote to name a request.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    Protocol(ProtocolNumber),
    Id(RequestId),
    /// The first and the last id that begin so.
    Beginning(RequestId, RequestId),
}

/// Finds the one request that is meant.
pub(super) async fn request(store: &Store, text: &str) -> Result<Request, Failure> {
    let found = match read(text)? {
        Named::Protocol(number) => {
            let filter = RequestFilter {
                protocol: Some(number),
                ..RequestFilter::default()
            };
            let one = Page {
                after: None,
                order: Order::default(),
                limit: 1,
            };
            let mut question = store.ask(&Viewer::Administrator).await?;
            question
                .requests(&filter, one)
                .await?
                .pop()
                .map(|listed| listed.request)
        }
        Named::Id(id) => store.request(id).await?,
        Named::Beginning(first, last) => match store.request_ids_between(first, last, 2).await?.as_slice() {
            [] => None,
            [id] => store.request(*id).await?,
            _ => {
                return Err(
                    Failure::usage(format!("the ids of several requests begin with {text}"))
                        .fix("write more of it"),
                );
            }
        },
    };
    found.ok_or_else(|| {
        Failure::not_found(format!("there is no request {text}")).fix("look for it with `usciere case list`")
    })
}

fn read(text: &str) -> Result<Named, Failure> {
    let text = text.trim();
    if let Ok(number) = ProtocolNumber::parse(text) {
        return Ok(Named::Protocol(number));
    }
    if let Ok(id) = text.parse() {
        return Ok(Named::Id(id));
    }
    beginning(text).ok_or_else(|| {
        Failure::usage(format!("{text} is neither an id nor a protocol number")).fix(
            "write INPS.7013.24/02/2021.0000123, 0199c0de-0000-7000-8000-000000000001, or the first four or more \
             characters of such an id",
        )
    })
}

fn beginning(text: &str) -> Option<Named> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hexadecimal || !(SHORTEST_BEGINNING..DIGITS).contains(&digits.len()) {
        return None;
    }
    let filled_with = |filler: &str| {
        let id = format!("{digits}{}", filler.repeat(DIGITS - digits.len()));
        Uuid::parse_str(&id).ok().map(RequestId)
    };
    Some(Named::Beginning(filled_with("0")?, filled_with("f")?))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn protocol_numbers_ids_and_beginnings_are_told_apart() {
        assert!(matches!(
            read(" INPS.7013.24/02/2021.0000123 "),
            Ok(Named::Protocol(_))
        ));
        let id = "0199c0de-0000-7000-8000-000000000001";
        assert_eq!(read(id).unwrap(), Named::Id(id.parse().unwrap()));
        let first = "0199c0de-0000-0000-0000-000000000000".parse().unwrap();
        let last = "0199c0de-0fff-ffff-ffff-ffffffffffff".parse().unwrap();
        assert_eq!(read("0199C0DE-0").unwrap(), Named::Beginning(first, last));
    }

    #[rstest]
    #[case::too_short("019")]
    #[case::no_digit("0199x")]
    #[case::too_long("0199c0de-0000-7000-8000-0000000000011")]
    #[case::half_a_number("INPS.7013.24/02/2021")]
    #[case::nothing("")]
    fn what_is_neither_is_a_mistake_of_use(#[case] text: &str) {
        assert_eq!(read(text).unwrap_err().exit.code(), 2);
    }
}

//! What happened since a position, for those who watch. Positions are transactions: everything before the oldest
//! one still open is there for good, so nothing is missed and nothing is polled twice.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::Question;
use crate::domain::event::{EventKind, Side};
use crate::domain::ids::{InvalidId, OfficeCode, PatronatoCode, RequestId, SedeCode};
use crate::domain::person::Scope;
use crate::store::{Store, StoreError};

/// A place in the stream of everything that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPosition {
    transaction: i64,
    request: Uuid,
    seq: i32,
}

impl FeedPosition {
    const fn start_of(transaction: i64) -> Self {
        Self {
            transaction,
            request: Uuid::nil(),
            seq: 0,
        }
    }
}

impl fmt::Display for FeedPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.transaction, self.request.simple(), self.seq)
    }
}

impl FromStr for FeedPosition {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let read = || {
            let (transaction, rest) = text.split_once('.')?;
            let (request, seq) = rest.split_once('.')?;
            Some(Self {
                transaction: transaction.parse().ok()?,
                request: request.parse().ok()?,
                seq: seq.parse().ok()?,
            })
        };
        read().ok_or(InvalidId {
            kind: "event id",
            expected: "the id of an event of this stream",
        })
    }
}

/// Something that happened to a request: ids only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    pub position: FeedPosition,
    pub request: RequestId,
    pub seq: u32,
    pub kind: EventKind,
    pub patronato: PatronatoCode,
    pub office: OfficeCode,
    /// Every sede that holds or held it.
    pub sedi: Vec<SedeCode>,
}

impl FeedItem {
    /// Whether a scope may know of it: the rule row-level security holds for rows.
    pub fn is_seen_by(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Office { patronato, office } => {
                self.patronato == *patronato && self.office == *office && !self.kind.is_internal()
            }
            Scope::Sede(sede) => self.sedi.contains(sede),
            Scope::Nothing => false,
        }
    }

    /// Whether it is new to read for that side.
    pub fn is_news_to(&self, side: Side) -> bool {
        self.kind.news_to() == Some(side)
    }
}

/// What happened between two positions.
#[derive(Debug, Clone)]
pub struct Feed {
    pub items: Vec<FeedItem>,
    /// From where to go on.
    pub next: FeedPosition,
    /// There was more than asked for; `items` is only its beginning.
    pub cut: bool,
}

struct Row {
    position: i64,
    case_id: Uuid,
    seq: i32,
    kind: String,
    patronato: String,
    office: String,
    sedi: Vec<String>,
}

impl Store {
    /// Where the stream ends now.
    pub async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        let transaction =
            sqlx::query_scalar!(r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "xmin!""#)
                .fetch_one(&self.pool)
                .await?;
        Ok(FeedPosition::start_of(transaction))
    }

    /// Everything that happened since, to whomever: for the one follower of a node.
    pub async fn feed(&self, since: FeedPosition, limit: u32) -> Result<Feed, StoreError> {
        let mut transaction = self.pool.begin_with("begin read only").await?;
        read(&mut transaction, since, limit).await
    }
}

impl Question {
    /// What happened since within the viewer's scope.
    pub async fn feed(&mut self, since: FeedPosition, limit: u32) -> Result<Feed, StoreError> {
        read(&mut self.transaction, since, limit).await
    }
}

async fn read(
    transaction: &mut sqlx::Transaction<'static, sqlx::Postgres>,
    since: FeedPosition,
    limit: u32,
) -> Result<Feed, StoreError> {
    // Both in one statement, hence of one snapshot.
    let rows = sqlx::query!(
        r#"
        select h.xmin as "xmin!", e.position as "position?", e.case_id as "case_id?", e.seq as "seq?",
               e.kind as "kind?", c.patronato as "patronato?", c.office as "office?",
               case when c.id is not null then array(select jsonb_object_keys(c.sede_seq)) || c.sede end as sedi
        from (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin) as h
        left join case_event as e
            on e.position >= $1 and e.position < h.xmin
               and (e.position, e.case_id, e.seq) > ($1, $2::uuid, $3::int)
        left join cases as c on c.id = e.case_id
        order by e.position, e.case_id, e.seq
        limit $4
        "#,
        since.transaction,
        since.request,
        since.seq,
        i64::from(limit) + 1
    )
    .fetch_all(&mut **transaction)
    .await?;
    let end = rows.first().map_or(since.transaction, |row| row.xmin);
    let cut = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    let found = rows.into_iter().filter_map(|row| {
        Some(Row {
            position: row.position?,
            case_id: row.case_id?,
            seq: row.seq?,
            kind: row.kind?,
            patronato: row.patronato?,
            office: row.office?,
            sedi: row.sedi?,
        })
    });
    let items: Vec<FeedItem> = found
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .map(FeedItem::try_from)
        .collect::<Result<_, _>>()?;
    let next = match items.last() {
        Some(last) if cut => last.position,
        Some(_) | None => FeedPosition::start_of(end.max(since.transaction)),
    };
    Ok(Feed { items, next, cut })
}

impl TryFrom<Row> for FeedItem {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("case_event", column, row.case_id);
        let sedi = row.sedi.iter().map(|sede| SedeCode::parse(sede));
        Ok(Self {
            position: FeedPosition {
                transaction: row.position,
                request: row.case_id,
                seq: row.seq,
            },
            request: RequestId(row.case_id),
            seq: u32::try_from(row.seq).map_err(|_| corrupt("seq"))?,
            kind: EventKind::from_word(&row.kind).ok_or_else(|| corrupt("kind"))?,
            patronato: PatronatoCode::parse(&row.patronato).map_err(|_| corrupt("patronato"))?,
            office: OfficeCode::parse(&row.office).map_err(|_| corrupt("office"))?,
            sedi: sedi.collect::<Result<_, _>>().map_err(|_| corrupt("sede"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_read_back_and_sort_as_things_happened() {
        let first = FeedPosition::start_of(700);
        let second = FeedPosition {
            transaction: 700,
            request: Uuid::from_u128(7),
            seq: 2,
        };
        assert!(first < second && second < FeedPosition::start_of(701));
        for position in [first, second] {
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        for wrong in ["", "7", "7.8.9", "a.00000000000000000000000000000000.1"] {
            assert!(wrong.parse::<FeedPosition>().is_err(), "{wrong}");
        }
    }
}

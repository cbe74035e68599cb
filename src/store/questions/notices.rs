//! What happened lately to the requests somebody sent: the notices of the pages.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Question, Reader};
use crate::domain::event::EventKind;
use crate::domain::ids::{RequestId, TopicCode};
use crate::store::StoreError;

/// Something the sender of a request is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub request: RequestId,
    pub kind: EventKind,
    pub at: DateTime<Utc>,
    pub topic: TopicCode,
    /// He or she has not opened the request since.
    pub new: bool,
}

/// What the engine or a sede does, and the sender is told of.
const TOLD: [EventKind; 7] = [
    EventKind::Replied,
    EventKind::Closed,
    EventKind::Transferred,
    EventKind::Elapsed,
    EventKind::AppointmentEnabled,
    EventKind::AppointmentConfirmed,
    EventKind::AppointmentCancelled,
];

struct Row {
    case_id: Uuid,
    kind: String,
    at: DateTime<Utc>,
    topic: String,
    new: bool,
}

impl TryFrom<Row> for Notice {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("case_event", column, row.case_id);
        Ok(Self {
            request: RequestId(row.case_id),
            kind: EventKind::from_word(&row.kind).ok_or_else(|| corrupt("kind"))?,
            at: row.at,
            topic: TopicCode::parse(&row.topic).map_err(|_| corrupt("topic"))?,
            new: row.new,
        })
    }
}

impl Question {
    /// What happened since then to the requests the viewer sent, the latest first.
    pub async fn notices(&mut self, since: DateTime<Utc>, limit: u16) -> Result<Vec<Notice>, StoreError> {
        let Some(Reader { source, id, .. }) = &self.reader else {
            return Ok(Vec::new());
        };
        let told = TOLD.map(|kind| kind.to_string());
        // The months of the history are cut by the time of the event: both times narrow it.
        let rows = sqlx::query_as!(
            Row,
            r#"
            select e.case_id, e.kind, e.at, c.topic, e.seq > coalesce(m.seq, 0) as "new!"
            from cases as c
            join case_event as e on e.case_id = c.id and e.at >= $3 and e.kind = any($4)
            left join read_mark as m on m.case_id = c.id and m.source = $1 and m.reader = $2
            where c.sender = $2 and 'portal.' || c.patronato = $1
            order by e.at desc, e.case_id, e.seq desc
            limit $5
            "#,
            source.to_string(),
            id.as_str(),
            since,
            &told[..],
            i64::from(limit)
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        rows.into_iter().map(Notice::try_from).collect()
    }
}

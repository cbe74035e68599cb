//! What a batch leaves behind for questions: words, news, replies.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::span::Span;
use super::vocabulary::Stems;
use crate::domain::event::Side;
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, RequestId, SedeCode, TopicCode};
use crate::store::intake::{column, to_i32};
use crate::store::{IntakeTransaction, StoreError};

/// What one batch adds to what is known of a request.
#[derive(Clone)]
pub struct DigestRow {
    pub request: RequestId,
    pub patronato: PatronatoCode,
    pub office: OfficeCode,
    /// When, if it was this batch that opened it.
    pub opened: Option<DateTime<Utc>>,
    /// The sede it came to in this batch: it may find the request from now on.
    pub sedi: Vec<SedeCode>,
    /// Folded words to find it by.
    pub words: String,
    pub attachments: u32,
    /// The last events that are news to each side.
    pub news: Vec<(Side, u32)>,
}

impl DigestRow {
    fn news_to(&self, side: Side) -> u32 {
        let of_side = self.news.iter().filter(|(to, _)| *to == side);
        of_side.map(|(_, seq)| *seq).max().unwrap_or(0)
    }

    /// What to find it by, with spaces between: `@` and its name for each scope that may find it from now on, when it was
    /// opened, and words.
    fn document(&self, stems: &Stems<'_>) -> String {
        let mut document = String::with_capacity(self.words.len() + 64);
        // Writing into a string cannot fail.
        if let Some(opened) = self.opened {
            let _ = write!(
                document,
                "@{}/{} {} ",
                self.patronato,
                self.office,
                Span::word_of(opened)
            );
        }
        for sede in &self.sedi {
            let _ = write!(document, "@{sede} ");
        }
        for stem in stems.of(&self.words) {
            document.push_str(stem);
            document.push(' ');
        }
        document.pop();
        document
    }
}

/// An answer of a sede.
#[derive(Debug, Clone)]
pub struct ReplyRow {
    pub request: RequestId,
    pub seq: u32,
    pub patronato: PatronatoCode,
    pub office: OfficeCode,
    pub sender: ActorId,
    pub sede: SedeCode,
    pub topic: TopicCode,
    pub at: DateTime<Utc>,
    /// Days of waiting it ended; `None` when nothing waited.
    pub days: Option<u32>,
}

impl IntakeTransaction {
    /// Adds to the digests of requests; one row each.
    pub async fn digest(&mut self, rows: &[DigestRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        // Batches that meet at the same requests take them in the same order.
        let mut rows: Vec<&DigestRow> = rows.iter().collect();
        rows.sort_unstable_by_key(|row| row.request);
        let vocabulary = Arc::clone(&self.vocabulary);
        let texts = rows.iter().map(|row| row.words.as_str());
        let stems = vocabulary.stems(texts, &mut self.transaction).await?;
        let documents = stems.read(|stems| rows.iter().map(|row| row.document(stems)).collect::<Vec<_>>());
        let digests = self.writes.insert("digests", "request_digest as d");
        digests
            .column("case_id", "uuid", column(&rows, |r| r.request.0))
            .column("patronato", "text", column(&rows, |r| r.patronato.as_str()))
            .column("office", "text", column(&rows, |r| r.office.as_str()))
            .made_of("document", "text", documents, |words| {
                format!("array_to_tsvector(string_to_array({words}, ' '))")
            })
            .column("attachments", "int", column(&rows, |r| to_i32(r.attachments)))
            .column(
                "office_news",
                "int",
                column(&rows, |r| to_i32(r.news_to(Side::Patronato))),
            )
            .column(
                "sede_news",
                "int",
                column(&rows, |r| to_i32(r.news_to(Side::Sede))),
            )
            .done(
                "on conflict (case_id) do update
                 set document = case when excluded.document = ''::tsvector then d.document
                                     else d.document || excluded.document end,
                     attachments = d.attachments + excluded.attachments,
                     office_news = greatest(d.office_news, excluded.office_news),
                     sede_news = greatest(d.sede_news, excluded.sede_news)",
            );
        Ok(())
    }

    pub async fn note_replies(&mut self, rows: &[ReplyRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            r#"
            insert into reply (case_id, seq, patronato, office, sender, sede, topic, at, days)
            select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                                 $8::timestamptz[], $9::int[])
            "#,
            &rows.iter().map(|r| r.request.0).collect::<Vec<_>>(),
            &rows.iter().map(|r| to_i32(r.seq)).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.patronato.as_str()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.office.as_str()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.sender.as_str()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.sede.as_str()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.topic.as_str()).collect::<Vec<_>>() as _,
            &rows.iter().map(|r| r.at).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.days.map(to_i32)).collect::<Vec<_>>() as _
        )
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }
}

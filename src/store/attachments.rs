//! What is known of files: who brought them, which requests use them, what the scanner said.

use std::collections::HashMap;

use super::{IntakeTransaction, Store, StoreError};
use crate::domain::attachment::{Filed, KnownFile, MediaType, ScanState, Sha256Hex, StoredAttachment};
use crate::domain::ids::{RequestId, Source};
use crate::domain::person::{Person, Scope};
use crate::store::intake::to_i32;

/// A file of an event of a request.
#[derive(Debug, Clone)]
pub struct FileUse {
    pub request: RequestId,
    /// The event's number in the history.
    pub seq: u32,
    pub position: usize,
    pub filed: Filed,
}

/// A file that somebody may see.
#[derive(Debug, Clone)]
pub struct VisibleFile {
    pub filed: Filed,
    /// A request by which it may be seen.
    pub request: Option<RequestId>,
}

impl Store {
    /// What is known of these files, and whether the source beside each may name it by its hash.
    pub async fn known_files(
        &self,
        wanted: &[(Source, Sha256Hex)],
    ) -> Result<HashMap<(Source, Sha256Hex), KnownFile>, StoreError> {
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = sqlx::query!(
            r#"
            select w.source as "source!", w.sha256 as "sha256!", a.size, a.media_type, a.scan,
                   (exists (select from attachment_upload as u where u.sha256 = w.sha256 and u.source = w.source)
                    or exists (select from attachment_use as x join cases as c on c.id = x.case_id
                               where x.sha256 = w.sha256
                                 and (w.source = 'portal.' || c.patronato or c.sede_seq ? substr(w.source, 6))))
                   as "own!"
            from (select distinct * from unnest($1::text[], $2::text[])) as w (source, sha256)
            join attachment as a on a.sha256 = w.sha256
            "#,
            &wanted.iter().map(|(source, _)| source.to_string()).collect::<Vec<_>>(),
            &wanted.iter().map(|(_, sha256)| sha256.to_string()).collect::<Vec<_>>()
        )
        .fetch_all(&self.pool)
        .await?;
        let mut known = HashMap::with_capacity(rows.len());
        for row in rows {
            let corrupt = |column| StoreError::corrupt("attachment", column, &row.sha256);
            let source = row.source.parse().map_err(|_| corrupt("source"))?;
            let sha256 = Sha256Hex::parse(&row.sha256).map_err(|_| corrupt("sha256"))?;
            let file = KnownFile {
                size: u64::try_from(row.size).map_err(|_| corrupt("size"))?,
                media_type: MediaType::from_word(&row.media_type).ok_or_else(|| corrupt("media_type"))?,
                scan: ScanState::from_word(&row.scan).ok_or_else(|| corrupt("scan"))?,
                own: row.own,
            };
            known.insert((source, sha256), file);
        }
        Ok(known)
    }

    /// Remembers that somebody brought a file, whose bytes are kept.
    pub async fn record_upload(
        &self,
        source: &Source,
        person: &Person,
        filed: &Filed,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        keep(&mut transaction, &[filed]).await?;
        sqlx::query!(
            r#"
            insert into attachment_upload (sha256, source, person, name) values ($1, $2, $3, $4)
            on conflict (sha256, source, person) do update set name = excluded.name, uploaded_at = now()
            "#,
            filed.file.sha256.as_str(),
            source.to_string(),
            person.id.as_str(),
            filed.file.name
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// A file as a person may see it: one that he or she brought, or that a request in his or her scope uses.
    pub async fn visible_file(
        &self,
        person: &Person,
        sha256: &Sha256Hex,
    ) -> Result<Option<VisibleFile>, StoreError> {
        let scope = person.scope();
        let (patronato, office, sede) = match &scope {
            Scope::Office { patronato, office } => (Some(patronato.as_str()), Some(office.as_str()), None),
            Scope::Sede(sede) => (None, None, Some(sede.as_str())),
            Scope::Nothing => return Ok(None),
        };
        let mut question = self.begin_question(&scope).await?;
        let row = sqlx::query!(
            r#"
            select a.size, a.media_type, a.scan, coalesce(used.name, brought.name) as "name!",
                   used.case_id as "case_id?"
            from attachment as a
            left join attachment_upload as brought
                on brought.sha256 = a.sha256 and brought.source = $2 and brought.person = $3
            left join lateral (
                select x.name, x.case_id from attachment_use as x join cases as c on c.id = x.case_id
                where x.sha256 = a.sha256
                  and ((c.patronato = $4 and c.office = $5) or c.sede = $6 or c.sede_seq ? $6)
                order by x.case_id, x.seq, x.position
                limit 1) as used on true
            where a.sha256 = $1 and coalesce(used.name, brought.name) is not null
            "#,
            sha256.as_str(),
            person.source().map(|source| source.to_string()),
            person.id.as_str(),
            patronato,
            office,
            sede
        )
        .fetch_optional(&mut *question)
        .await?;
        question.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let corrupt = |column| StoreError::corrupt("attachment", column, sha256);
        let filed = Filed {
            file: StoredAttachment {
                name: row.name,
                sha256: sha256.clone(),
                size: u64::try_from(row.size).map_err(|_| corrupt("size"))?,
                media_type: MediaType::from_word(&row.media_type).ok_or_else(|| corrupt("media_type"))?,
            },
            scan: ScanState::from_word(&row.scan).ok_or_else(|| corrupt("scan"))?,
        };
        let request = row.case_id.map(RequestId);
        Ok(Some(VisibleFile { filed, request }))
    }

    /// Up to `limit` files no scanner has looked at, the oldest first, after the given one.
    pub async fn unscanned_files(
        &self,
        after: Option<&Sha256Hex>,
        limit: i64,
    ) -> Result<Vec<Sha256Hex>, StoreError> {
        let rows = sqlx::query_scalar!(
            r#"
            select a.sha256 from attachment as a
            where a.scan in ('unchecked', 'pending')
              and ($1::text is null
                   or (a.kept_at, a.sha256) > (select b.kept_at, b.sha256 from attachment as b where b.sha256 = $1))
            order by a.kept_at, a.sha256
            limit $2
            "#,
            after.map(Sha256Hex::as_str),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|hex| Sha256Hex::parse(&hex).map_err(|_| StoreError::corrupt("attachment", "sha256", &hex)))
            .collect()
    }

    /// Keeps what the scanner said of a file; answers how many requests use it.
    pub async fn record_scan(&self, sha256: &Sha256Hex, scan: ScanState) -> Result<i64, StoreError> {
        let requests = sqlx::query_scalar!(
            r#"
            with said as (update attachment set scan = $2, scanned_at = now() where sha256 = $1)
            select count(distinct case_id) as "requests!" from attachment_use where sha256 = $1
            "#,
            sha256.as_str(),
            scan.as_str()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(requests)
    }

    /// Files that wait for the scanner, and files it holds back.
    pub async fn held_files(&self) -> Result<(i64, i64), StoreError> {
        let row = sqlx::query!(
            r#"
            select count(*) filter (where scan = 'pending') as "pending!",
                   count(*) filter (where scan = 'quarantined') as "quarantined!"
            from attachment where scan in ('pending', 'quarantined')
            "#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((row.pending, row.quarantined))
    }
}

impl IntakeTransaction {
    /// Keeps the files of a batch's events.
    pub async fn file(&mut self, uses: &[FileUse]) -> Result<(), StoreError> {
        if uses.is_empty() {
            return Ok(());
        }
        let files: Vec<&Filed> = uses.iter().map(|one| &one.filed).collect();
        keep(&mut self.transaction, &files).await?;
        sqlx::query!(
            r#"
            insert into attachment_use (case_id, seq, position, sha256, name)
            select * from unnest($1::uuid[], $2::int[], $3::smallint[], $4::text[], $5::text[])
            "#,
            &uses.iter().map(|one| one.request.0).collect::<Vec<_>>(),
            &uses.iter().map(|one| to_i32(one.seq)).collect::<Vec<_>>(),
            &uses
                .iter()
                .map(|one| i16::try_from(one.position).unwrap_or(i16::MAX))
                .collect::<Vec<_>>(),
            &uses
                .iter()
                .map(|one| one.filed.file.sha256.to_string())
                .collect::<Vec<_>>(),
            &uses
                .iter()
                .map(|one| one.filed.file.name.clone())
                .collect::<Vec<_>>()
        )
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }
}

/// Files as they are known now, in the order of their hashes: transactions that meet wait instead of deadlocking.
/// A verdict is never forgotten for a later "the scanner was away".
async fn keep(
    transaction: &mut sqlx::Transaction<'static, sqlx::Postgres>,
    files: &[&Filed],
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        insert into attachment as a (sha256, size, media_type, scan, scanned_at)
        select distinct on (sha256) sha256, size, media_type, scan,
               case when scan in ('clean', 'quarantined') then now() end
        from unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) as t (sha256, size, media_type, scan)
        order by sha256
        on conflict (sha256) do update set scan = excluded.scan, scanned_at = excluded.scanned_at
        where a.scan in ('unchecked', 'pending') and excluded.scan in ('clean', 'quarantined')
        "#,
        &files
            .iter()
            .map(|one| one.file.sha256.to_string())
            .collect::<Vec<_>>(),
        &files
            .iter()
            .map(|one| i64::try_from(one.file.size).unwrap_or(i64::MAX))
            .collect::<Vec<_>>(),
        &files
            .iter()
            .map(|one| one.file.media_type.as_str().to_owned())
            .collect::<Vec<_>>(),
        &files
            .iter()
            .map(|one| one.scan.as_str().to_owned())
            .collect::<Vec<_>>()
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

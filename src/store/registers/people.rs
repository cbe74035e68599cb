//! Finding people and practices, a whole batch of questions at once.

use chrono::NaiveDate;

use super::super::{Store, StoreError};
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::command::{CitizenQuery, Practice};
use crate::domain::ids::PersonId;
use crate::domain::place::{Cap, ComuneIstat};
use crate::domain::practice::HolderRole;
use crate::domain::registers::{Citizen, NameKey, PracticeRecord};

struct CitizenRow {
    question: i32,
    person_id: String,
    codice_fiscale: Option<String>,
    family_name: String,
    given_name: String,
    born_on: NaiveDate,
    birth_place: String,
    address: String,
    cap: Option<String>,
    comune_istat: Option<String>,
}

impl TryFrom<CitizenRow> for Citizen {
    type Error = StoreError;

    fn try_from(row: CitizenRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("citizen", column, &row.person_id);
        let codice_fiscale = row
            .codice_fiscale
            .as_deref()
            .map(CodiceFiscale::parse)
            .transpose();
        let comune_istat = row.comune_istat.as_deref().map(ComuneIstat::parse).transpose();
        Ok(Self {
            person_id: PersonId::parse(&row.person_id).map_err(|_| corrupt("person_id"))?,
            codice_fiscale: codice_fiscale.map_err(|_| corrupt("codice_fiscale"))?,
            cap: row
                .cap
                .as_deref()
                .map(Cap::parse)
                .transpose()
                .map_err(|_| corrupt("cap"))?,
            comune_istat: comune_istat.map_err(|_| corrupt("comune_istat"))?,
            family_name: row.family_name,
            given_name: row.given_name,
            born_on: row.born_on,
            birth_place: row.birth_place,
            address: row.address,
        })
    }
}

/// The questions of a batch, a column each; `question` is the place in the batch.
#[derive(Default)]
struct Questions {
    by_code: Vec<i32>,
    bases: Vec<String>,
    by_name: Vec<i32>,
    families: Vec<String>,
    givens: Vec<String>,
    birth_dates: Vec<NaiveDate>,
}

impl Questions {
    /// A query with neither a codice fiscale nor a whole name asks nothing.
    fn of(queries: &[CitizenQuery]) -> Self {
        let mut questions = Self::default();
        for (question, query) in (0_i32..).zip(queries) {
            if let Some(code) = &query.codice_fiscale {
                questions.by_code.push(question);
                questions.bases.push(code.base().as_str().to_owned());
            } else if let (Some(family), Some(given), Some(born_on)) =
                (&query.family_name, &query.given_name, query.born_on)
            {
                questions.by_name.push(question);
                questions
                    .families
                    .push(NameKey::of(&family.0).as_str().to_owned());
                questions.givens.push(NameKey::of(&given.0).as_str().to_owned());
                questions.birth_dates.push(born_on);
            }
        }
        questions
    }
}

impl Store {
    /// The people each query fits, by person id and at most 100: in whatever form the codice fiscale came, and
    /// however the name was written.
    pub async fn citizens(&self, queries: &[CitizenQuery]) -> Result<Vec<Vec<Citizen>>, StoreError> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let questions = Questions::of(queries);
        // lateral: each question is one probe of an index, whatever the planner thinks of the batch's size
        let rows = sqlx::query_as!(
            CitizenRow,
            r#"
            select question as "question!", person_id as "person_id!", codice_fiscale,
                   family_name as "family_name!", given_name as "given_name!", born_on as "born_on!",
                   birth_place as "birth_place!", address as "address!", cap, comune_istat
            from (
                select q.question, c.*
                from unnest($1::int[], $2::text[]) as q (question, cf_base)
                cross join lateral (
                    select * from citizen where citizen.cf_base = q.cf_base order by person_id limit 100
                ) c
                union all
                select q.question, c.*
                from unnest($3::int[], $4::text[], $5::text[], $6::date[])
                    as q (question, family_key, given_key, born_on)
                cross join lateral (
                    select * from citizen
                    where citizen.family_key = q.family_key
                      and citizen.given_key = q.given_key
                      and citizen.born_on = q.born_on
                    order by person_id limit 100
                ) c
            ) found
            order by question, person_id
            "#,
            &questions.by_code,
            &questions.bases,
            &questions.by_name,
            &questions.families,
            &questions.givens,
            &questions.birth_dates
        )
        .fetch_all(&self.pool)
        .await?;
        let answers = rows.into_iter().map(|row| Ok((row.question, row.try_into()?)));
        share_out(queries.len(), answers)
    }

    /// What the register knows of each practice, by codice fiscale.
    pub async fn practices(&self, practices: &[Practice]) -> Result<Vec<Vec<PracticeRecord>>, StoreError> {
        if practices.is_empty() {
            return Ok(Vec::new());
        }
        let kinds: Vec<String> = practices
            .iter()
            .map(|practice| practice.kind.to_string())
            .collect();
        let numbers: Vec<String> = practices
            .iter()
            .map(|practice| practice.number.as_str().to_owned())
            .collect();
        let rows = sqlx::query!(
            r#"
            select q.question as "question!", p.codice_fiscale, p.holder_role
            from unnest($1::text[], $2::text[]) with ordinality as q (kind, number, question)
            cross join lateral (
                select * from practice
                where practice.kind = q.kind and practice.number = q.number
                order by codice_fiscale limit 1000
            ) p
            order by q.question
            "#,
            &kinds,
            &numbers
        )
        .fetch_all(&self.pool)
        .await?;
        let answers = rows.into_iter().map(|row| {
            let asked = usize::try_from(row.question - 1)
                .ok()
                .and_then(|at| practices.get(at));
            let practice = asked.expect("an answer stands under its question");
            let corrupt = |column| StoreError::corrupt("practice", column, practice.kind);
            let record = PracticeRecord {
                kind: practice.kind,
                number: practice.number.clone(),
                codice_fiscale: CodiceFiscale::parse(&row.codice_fiscale)
                    .map_err(|_| corrupt("codice_fiscale"))?,
                holder_role: HolderRole::from_word(&row.holder_role).ok_or_else(|| corrupt("holder_role"))?,
            };
            Ok((row.question - 1, record))
        });
        share_out(practices.len(), answers)
    }
}

/// Puts answers under the questions they belong to.
fn share_out<T, Q: TryInto<usize>>(
    questions: usize,
    answers: impl Iterator<Item = Result<(Q, T), StoreError>>,
) -> Result<Vec<Vec<T>>, StoreError> {
    let mut shared: Vec<Vec<T>> = (0..questions).map(|_| Vec::new()).collect();
    for answer in answers {
        let (question, answer) = answer?;
        if let Some(under) = question.try_into().ok().and_then(|at: usize| shared.get_mut(at)) {
            under.push(answer);
        }
    }
    Ok(shared)
}

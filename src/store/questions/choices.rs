//! What a list can be narrowed to: the colleagues who wrote lately, and the sedi they wrote to.

use std::collections::BTreeMap;

use super::Question;
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode};
use crate::store::StoreError;

/// Requests looked at, the newest of the office: who wrote none of them is still found by an address.
const LOOKED_AT: i64 = 1_000;

/// Colleagues by name and sedi by code.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    pub senders: BTreeMap<ActorId, String>,
    pub sedi: Vec<SedeCode>,
}

impl Question {
    /// Of an office, within the viewer's scope.
    pub async fn choices(
        &mut self,
        patronato: &PatronatoCode,
        office: &OfficeCode,
    ) -> Result<Choices, StoreError> {
        let rows = sqlx::query!(
            r#"
            select distinct sender as "sender!", sender_name as "name!", sede as "sede!"
            from (select sender, sender_name, sede from cases where patronato = $1 and office = $2
                  order by opened_at desc, id desc limit $3) as lately
            "#,
            patronato.as_str(),
            office.as_str(),
            LOOKED_AT
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        let mut choices = Choices::default();
        for row in rows {
            let corrupt = |column| move |_| StoreError::corrupt("cases", column, "lately");
            let sender = ActorId::parse(&row.sender).map_err(corrupt("sender"))?;
            choices.senders.insert(sender, row.name);
            choices
                .sedi
                .push(SedeCode::parse(&row.sede).map_err(corrupt("sede"))?);
        }
        choices.sedi.sort_unstable();
        choices.sedi.dedup();
        Ok(choices)
    }
}

//! Values for columns of type `json`: text that PostgreSQL checks once and keeps as it came.
//!
//! sqlx's own `Json` announces several of them as `jsonb[]`, which the server parses into trees, writes out and parses
//! again for the column: a seventh of all its work at full load (measured).

use serde::Serialize;
use sqlx::Postgres;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::types::Type;

/// Of `json` and `json[]`, the same in every PostgreSQL (`pg_type.dat`).
const JSON: Oid = Oid(114);
const JSON_ARRAY: Oid = Oid(199);

/// Written as it is bound.
pub(super) struct JsonText<'a, T>(pub(super) &'a T);

impl<T> Type<Postgres> for JsonText<'_, T> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(JSON)
    }
}

impl<T> PgHasArrayType for JsonText<'_, T> {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(JSON_ARRAY)
    }
}

impl<T: Serialize> Encode<'_, Postgres> for JsonText<'_, T> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        serde_json::to_writer(&mut **buffer, self.0)?;
        Ok(IsNull::No)
    }
}

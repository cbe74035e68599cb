//! Whose data is whose: row-level security, least rights, the audit, and questions over many requests, on a real
//! PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/database.rs"]
mod database;
#[path = "support/services.rs"]
mod services;

#[path = "tenancy/audit.rs"]
mod audit;
#[path = "tenancy/figures.rs"]
mod figures;
#[path = "tenancy/many.rs"]
mod many;
#[path = "tenancy/people.rs"]
mod people;
#[path = "tenancy/plans.rs"]
mod plans;
#[path = "tenancy/rights.rs"]
mod rights;
#[path = "tenancy/rows.rs"]
mod rows;

//! (placeholder until the real one is merged)
use super::ids::text_id;

text_id!(
    /// The number of a request in the protocol register: `INPS.230001.24/02/2026.0000001`.
    ProtocolNumber,
    "protocol number",
    "^INPS\\.[0-9A-Za-z-]{2,32}\\.\\d{2}/\\d{2}/\\d{4}\\.\\d{7,}$",
    "INPS.<office>.<dd/mm/yyyy>.<7 digits>",
    |text| text.starts_with("INPS.")
);

//! (placeholder until the real one is merged)
use super::ids::text_id;
text_id!(
    CodiceFiscale,
    "codice fiscale",
    "^.{11,16}$",
    "a codice fiscale",
    |text| text.len() == 16 || text.len() == 11
);

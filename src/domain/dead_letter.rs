//! Why a message cannot be understood or trusted. It is kept byte for byte and can be replayed (CONTRACT.md 1).

use super::event::words;

words!(
    /// The reasons outsiders rely on.
    DeadLetterReason {
        MissingMessageId = "missing_message_id",
        MessageIdReused = "message_id_reused",
        WrongContentType = "wrong_content_type",
        WrongContentEncoding = "wrong_content_encoding",
        InvalidUtf8 = "invalid_utf8",
        InvalidJson = "invalid_json",
        NulInText = "nul_in_text",
        TooLarge = "too_large",
        TooDeep = "too_deep",
        TooManyHeaders = "too_many_headers",
        DuplicateKey = "duplicate_key",
        UnknownType = "unknown_type",
        TypeMismatch = "type_mismatch",
        SchemaTooNew = "schema_too_new",
        PublisherNotAuthorised = "publisher_not_authorised",
        EngineFault = "engine_fault",
    }
);

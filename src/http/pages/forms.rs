//! What is wrong with a form, field by field: shown above it as a summary and beside each field.

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldError {
    /// The `id` of the field on the page.
    pub(super) field: &'static str,
    /// In Italian, says what to do.
    pub(super) message: String,
}

/// Everything that is wrong with a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FormErrors(Vec<FieldError>);

impl FormErrors {
    pub(super) fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(FieldError {
            field,
            message: message.into(),
        });
    }

    pub(super) fn one(field: &'static str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    /// What is wrong with one field; empty where nothing is.
    pub(super) fn of(&self, field: &str) -> &str {
        let found = self.0.iter().find(|error| error.field == field);
        found.map_or("", |error| &error.message)
    }
}

/// A choice of a select or a group of radios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
}

impl Choice {
    pub(super) fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
        }
    }
}

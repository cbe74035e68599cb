//! Who sends a command on a request that is there.

use super::{ByOfficer, ByOperator, Command, Personal};
use crate::domain::ids::RequestId;

/// An operator of the request's patronato, or an officer of its sede.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    Operator(&'a ByOperator),
    Officer(&'a ByOfficer),
}

impl By<'_> {
    pub const fn request_id(self) -> RequestId {
        match self {
            Self::Operator(by) => by.request_id,
            Self::Officer(by) => by.request_id,
        }
    }

    pub const fn name(&self) -> &Personal {
        match self {
            Self::Operator(by) => &by.operator.name,
            Self::Officer(by) => &by.officer.name,
        }
    }
}

impl Command {
    /// `None` for a submission, which opens a request instead of acting on one.
    pub const fn by(&self) -> Option<By<'_>> {
        Some(match self {
            Self::Submit(_) => return None,
            Self::Message(body) => By::Operator(&body.by),
            Self::Attach(body) => By::Operator(&body.by),
            Self::Solicit(by) => By::Operator(by),
            Self::Book(body) => By::Operator(&body.by),
            Self::Take(body) => By::Officer(&body.by),
            Self::Release(by) => By::Officer(by),
            Self::Assign(body) => By::Officer(&body.by),
            Self::Transfer(body) => By::Officer(&body.by),
            Self::Reply(body) => By::Officer(&body.by),
            Self::Close(body) | Self::EnableAppointment(body) | Self::CancelAppointment(body) => {
                By::Officer(&body.by)
            }
            Self::Note(body) => By::Officer(&body.by),
            Self::ConfirmAppointment(body) => By::Officer(&body.by),
        })
    }
}

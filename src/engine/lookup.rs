//! What rules need to know and only registers and stores can tell, asked for a whole batch at once and outside any
//! transaction. When our own database or the attachments are away the batch waits; when a remote register is, only
//! the command that needs it does, parked. Nothing is lost or refused for it.

use super::item::Item;
use super::{Engine, Limits};
use crate::attachments::AttachmentError;
use crate::domain::attachment::{StoredAttachment, prepare};
use crate::domain::command::{AttachmentInput, CitizenQuery, Command, Content, Practice};
use crate::domain::refusal::Refusal;
use crate::domain::registers::{Citizen, PracticeRecord};
use crate::registry::{Answer, NoAnswer};
use crate::store::StoreError;

/// What was found for one command.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Everybody the query fits.
    pub(super) citizens: Vec<Citizen>,
    /// Everything the practices' register knows of the given reference.
    pub(super) practices: Vec<PracticeRecord>,
    /// The files, stored; or why they are not allowed.
    pub(super) attachments: Result<Vec<StoredAttachment>, Refusal>,
    /// A remote register that has not answered: nothing can be decided yet, and nothing else was found.
    pub(super) missing: Option<NoAnswer>,
}

/// What cannot be asked now, for any command of the batch.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    #[error("the registers in the database do not answer")]
    Register(#[from] StoreError),
    #[error("the attachment store does not answer")]
    Attachments(#[from] AttachmentError),
}

impl Engine {
    /// One answer per item, in order; dead letters get an empty one.
    pub(super) async fn look_up(&self, items: &[Item]) -> Result<Vec<Found>, LookupError> {
        let wanted: Vec<Wanted<'_>> = items.iter().map(Wanted::of).collect();
        let queries: Vec<CitizenQuery> = wanted.iter().filter_map(|w| w.citizen.cloned()).collect();
        let references: Vec<Practice> = wanted.iter().filter_map(|w| w.practice.cloned()).collect();
        // Both to their end: a question to the database is never dropped half way.
        let (citizens, practices) = tokio::join!(
            self.people.citizens.find_citizens(&queries),
            self.people.practices.find_practices(&references)
        );
        let (mut citizens, mut practices) = (citizens?.into_iter(), practices?.into_iter());
        let mut found = Vec::with_capacity(items.len());
        for want in wanted {
            let citizens = want
                .citizen
                .and_then(|_| citizens.next())
                .unwrap_or(Ok(Vec::new()));
            let practices = want
                .practice
                .and_then(|_| practices.next())
                .unwrap_or(Ok(Vec::new()));
            found.push(match both(citizens, practices) {
                Ok((citizens, practices)) => Found {
                    citizens,
                    practices,
                    attachments: self.take_in(want.attachments, &self.options.limits).await?,
                    missing: None,
                },
                Err(missing) => Found {
                    citizens: Vec::new(),
                    practices: Vec::new(),
                    attachments: Ok(Vec::new()),
                    missing: Some(missing),
                },
            });
        }
        Ok(found)
    }

    /// Stores the files of one message under the hash of their content; storing one twice changes nothing.
    async fn take_in(
        &self,
        inputs: &[AttachmentInput],
        limits: &Limits,
    ) -> Result<Result<Vec<StoredAttachment>, Refusal>, AttachmentError> {
        if inputs.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        match prepare(inputs, &limits.attachments) {
            Ok(prepared) => self.attachments.store(prepared, &limits.attachments).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}

fn both<A, B>(first: Answer<A>, second: Answer<B>) -> Result<(Vec<A>, Vec<B>), NoAnswer> {
    Ok((first?, second?))
}

/// What has to be looked up for one item.
struct Wanted<'a> {
    citizen: Option<&'a CitizenQuery>,
    practice: Option<&'a Practice>,
    attachments: &'a [AttachmentInput],
}

impl<'a> Wanted<'a> {
    const NOTHING: Self = Self {
        citizen: None,
        practice: None,
        attachments: &[],
    };

    fn of(item: &'a Item) -> Self {
        let Item::Command { envelope, .. } = item else {
            return Self::NOTHING;
        };
        let Content::Command(command) = &envelope.content else {
            return Self::NOTHING;
        };
        match command {
            Command::Submit(submit) => Self {
                citizen: submit.citizen.as_ref(),
                practice: submit.practice.as_ref(),
                attachments: &submit.attachments,
            },
            Command::Message(body) => Self {
                attachments: &body.attachments,
                ..Self::NOTHING
            },
            Command::Attach(body) => Self {
                attachments: &body.attachments,
                ..Self::NOTHING
            },
            Command::Reply(body) => Self {
                attachments: &body.attachments,
                ..Self::NOTHING
            },
            Command::Solicit(_)
            | Command::Book(_)
            | Command::Take(_)
            | Command::Release(_)
            | Command::Assign(_)
            | Command::Transfer(_)
            | Command::Close(_)
            | Command::EnableAppointment(_)
            | Command::Note(_)
            | Command::ConfirmAppointment(_)
            | Command::CancelAppointment(_) => Self::NOTHING,
        }
    }
}

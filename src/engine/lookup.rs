//! What rules need to know and only registers and stores can tell, asked for a whole batch at once and outside any
//! transaction. When our own database is away the batch waits; when a remote register or the store of files is, only
//! the command that needs it does, parked. Nothing is lost or refused for it.

use super::Engine;
use super::item::Item;
use crate::domain::attachment::{Filed, Prepared, prepare};
use crate::domain::command::{AttachmentInput, CitizenQuery, Command, Content, Practice};
use crate::domain::dependency::Dependency;
use crate::domain::ids::Source;
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
    pub(super) attachments: Result<Vec<Filed>, Refusal>,
    /// What has not answered: nothing can be decided yet, and nothing else was found.
    pub(super) missing: Option<Dependency>,
}

impl Engine {
    /// One answer per item, in order; dead letters get an empty one.
    pub(super) async fn look_up(&self, items: &[Item]) -> Result<Vec<Found>, StoreError> {
        let wanted: Vec<Wanted<'_>> = items.iter().map(Wanted::of).collect();
        let queries: Vec<CitizenQuery> = wanted.iter().filter_map(|w| w.citizen.cloned()).collect();
        let references: Vec<Practice> = wanted.iter().filter_map(|w| w.practice.cloned()).collect();
        // Both to their end: a question to the database is never dropped half way.
        let (citizens, practices) = tokio::join!(
            self.people.citizens.find_citizens(&queries),
            self.people.practices.find_practices(&references)
        );
        let (mut citizens, mut practices) = (citizens?.into_iter(), practices?.into_iter());
        let answers: Vec<_> = wanted
            .iter()
            .map(|want| {
                both(
                    want.citizen
                        .and_then(|_| citizens.next())
                        .unwrap_or(Ok(Vec::new())),
                    want.practice
                        .and_then(|_| practices.next())
                        .unwrap_or(Ok(Vec::new())),
                )
            })
            .collect();
        let prepared = wanted.iter().zip(&answers).map(|(want, answer)| {
            // What is parked brings its files again when its turn comes.
            let files = if answer.is_ok() { want.attachments } else { &[] };
            prepare(files, &self.options.limits.attachments)
        });
        let files = self.take_in(items, prepared.collect()).await?;
        let found = answers
            .into_iter()
            .zip(files)
            .map(|(answer, files)| match (answer, files) {
                (Ok((citizens, practices)), Ok(attachments)) => Found {
                    citizens,
                    practices,
                    attachments,
                    missing: None,
                },
                (Err(missing), _) => Found::lacking(missing.register.into()),
                (Ok(_), Err(NoFiles)) => Found::lacking(Dependency::Attachments),
            });
        Ok(found.collect())
    }

    /// Keeps the files of each message under the hash of their content; keeping one twice changes nothing.
    async fn take_in(
        &self,
        items: &[Item],
        prepared: Vec<Result<Vec<Prepared>, Refusal>>,
    ) -> Result<Vec<Result<Result<Vec<Filed>, Refusal>, NoFiles>>, StoreError> {
        let sources: Vec<Option<&Source>> = items.iter().map(source).collect();
        let mut wanted = Vec::new();
        for (source, files) in sources.iter().zip(&prepared) {
            for file in files.iter().flatten() {
                wanted.extend(source.map(|source| (source.clone(), file.sha256.clone())));
            }
        }
        let known = self.store.known_files(&wanted).await?;
        let mut filed = Vec::with_capacity(prepared.len());
        for (source, files) in sources.into_iter().zip(prepared) {
            filed.push(match files {
                Ok(prepared) => {
                    let known = |file: &Prepared| known.get(&(source?.clone(), file.sha256.clone())).copied();
                    let judged = prepared.into_iter().map(|file| (known(&file), file));
                    self.attachments
                        .store(judged.collect(), &self.options.limits.attachments)
                        .await
                        .map_err(|_said_where_it_happened| NoFiles)
                }
                Err(refusal) => Ok(Err(refusal)),
            });
        }
        Ok(filed)
    }
}

fn source(item: &Item) -> Option<&Source> {
    match item {
        Item::Command { envelope, .. } => Some(&envelope.source),
        Item::DeadLetter(_) => None,
    }
}

/// The store of files does not answer.
struct NoFiles;

impl Found {
    fn lacking(missing: Dependency) -> Self {
        Self {
            citizens: Vec::new(),
            practices: Vec::new(),
            attachments: Ok(Vec::new()),
            missing: Some(missing),
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

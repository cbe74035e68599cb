//! Following a command: what became of it, step by step, as the database learns of it.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{Letter, publish};
use crate::amqp::Publisher;
use crate::cli::case::trace;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::clock::Clock;
use crate::domain::command::CommandKind;
use crate::domain::event::EventKind;
use crate::domain::ids::{MessageId, RequestId, Source};
use crate::domain::request::Request;
use crate::store::{
    Answer, DeadLetterFilter, DeadLetterId, DeadLetterMatch, DeadLetterSummary, MailFilter, MailState,
    Outcome, SeenMessage, Store,
};

const LOOK: Duration = Duration::from_millis(50);
/// Of one sender within the time a command is followed.
const DEAD_LETTERS: u16 = 100;

pub(super) struct Follow<'a> {
    pub(super) store: Store,
    pub(super) letter: &'a Letter,
    pub(super) timeout: Duration,
    /// Publishes an answer in the sede's stead.
    pub(super) answering: Option<&'a Publisher>,
    /// The newest dead letter there was before this command: it is none of those.
    pub(super) buried_before: Option<DeadLetterId>,
}

pub(super) async fn last_dead_letter(store: &Store) -> Result<Option<DeadLetterId>, Failure> {
    let newest = DeadLetterFilter {
        resolved: true,
        limit: 1,
        ..DeadLetterFilter::default()
    };
    let letters = store.list_dead_letters(&newest).await?;
    Ok(letters.first().map(|letter| letter.id))
}

impl Follow<'_> {
    /// Tells each step as it happens; ends when the command is refused, or its request lies in its queue and (where
    /// asked for) is answered and the mail gone.
    pub(super) async fn to_the_end(&self, session: &mut Session, clock: &Clock) -> Result<Exit, Failure> {
        let began = Instant::now();
        let step = |session: &mut Session, what: &str| {
            session
                .printer
                .say(format!("{:>8.3} s  {what}", began.elapsed().as_secs_f64()));
        };
        step(
            session,
            &format!(
                "published    {} as {}",
                self.letter.message_id, self.letter.source
            ),
        );
        let seen = self.until(began, || self.outcome_or_burial()).await?;
        if seen.outcome == Outcome::Refused {
            return Err(refused(&seen));
        }
        let Some(id) = seen.request else {
            return Ok(Exit::Ok);
        };
        let request = self.until(began, || self.request(id)).await?;
        step(session, &format!("accepted     {}", request.protocol));
        self.until(began, || self.delivered(id)).await?;
        step(
            session,
            &format!("delivered    to the queue of {}", request.case.sede),
        );
        if let Some(publisher) = self.answering {
            let reply = reply(&request, clock);
            publish(publisher, &reply, clock).await?;
            step(session, "answered     as the sede (--reply-auto)");
            self.until(began, || self.replied(id)).await?;
            step(session, "replied      the portal was told");
            if request.sender.email.is_some() {
                self.until(began, || self.mailed(id)).await?;
                step(session, "mailed       the operator");
            }
        }
        let request = self.until(began, || self.request(id)).await?;
        let lines = trace::collect(&self.store, &request).await?;
        session.printer.rows(&lines)?;
        Ok(Exit::Ok)
    }

    /// Asks again and again until there is an answer or the patience is over.
    async fn until<T, F>(&self, began: Instant, ask: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<Option<T>, Failure>>,
    {
        loop {
            if let Some(found) = ask().await? {
                return Ok(found);
            }
            if began.elapsed() > self.timeout {
                return Err(Failure::new(Exit::Failed, "nothing more happened in time")
                    .fix("is `usciere run` or `usciere dev` up? `usciere dead list` shows what could not be understood"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn outcome(&self) -> Result<Option<SeenMessage>, Failure> {
        Ok(self
            .store
            .outcome_of(&self.letter.source, &self.letter.message_id)
            .await?)
    }

    /// A dead letter has no outcome: nothing more will happen to it by itself.
    async fn outcome_or_burial(&self) -> Result<Option<SeenMessage>, Failure> {
        if let Some(seen) = self.outcome().await? {
            return Ok(Some(seen));
        }
        match self.burial().await? {
            Some(letter) => Err(buried(&letter)),
            None => Ok(None),
        }
    }

    async fn burial(&self) -> Result<Option<DeadLetterSummary>, Failure> {
        let of_sender = DeadLetterMatch {
            source: Some(self.letter.source.clone()),
            ..DeadLetterMatch::default()
        };
        let ids = self
            .store
            .open_dead_letters(&of_sender, self.buried_before, DEAD_LETTERS)
            .await?;
        if ids.is_empty() {
            return Ok(None);
        }
        let id = Some(self.letter.message_id.as_str());
        let letters = self.store.dead_letters(&ids).await?;
        let mut letters = letters.into_iter().map(|letter| letter.summary);
        Ok(letters.find(|letter| letter.message_id.as_deref() == id))
    }

    async fn request(&self, id: RequestId) -> Result<Option<Request>, Failure> {
        Ok(self.store.request(id).await?)
    }

    async fn delivered(&self, id: RequestId) -> Result<Option<()>, Failure> {
        let sendings = self.store.sendings(id).await?;
        Ok(sendings
            .iter()
            .any(|sending| sending.sent_at.is_some())
            .then_some(()))
    }

    async fn replied(&self, id: RequestId) -> Result<Option<()>, Failure> {
        let history = self.store.history(id).await?;
        Ok(history
            .iter()
            .any(|entry| entry.kind == EventKind::Replied)
            .then_some(()))
    }

    async fn mailed(&self, id: RequestId) -> Result<Option<()>, Failure> {
        let filter = MailFilter {
            request: Some(id),
            limit: 10,
            ..MailFilter::default()
        };
        let mails = self.store.list_mails(&filter).await?;
        Ok(mails
            .iter()
            .any(|mail| mail.state == MailState::Sent)
            .then_some(()))
    }
}

fn buried(letter: &DeadLetterSummary) -> Failure {
    let what = format!(
        "kept as dead letter {}: {} - {}",
        letter.id, letter.reason, letter.detail
    );
    Failure::new(Exit::Failed, what).fix(format!("`usciere dead show {}` shows it whole", letter.id))
}

fn refused(seen: &SeenMessage) -> Failure {
    let body: Option<serde_json::Value> = seen.answer.as_ref().and_then(Answer::read);
    let field = |name: &str| {
        body.as_ref()
            .and_then(|body| body.get(name))
            .and_then(serde_json::Value::as_str)
            .unwrap_or("-")
    };
    let failure = Failure::new(
        Exit::Conflict,
        format!("refused: {} - {}", field("code"), field("message")),
    );
    match body
        .as_ref()
        .and_then(|body| body.get("available_from"))
        .and_then(serde_json::Value::as_str)
    {
        Some(day) => failure.fix(format!("possible from {day}")),
        None => failure,
    }
}

fn reply(request: &Request, clock: &Clock) -> Letter {
    let body = json!({
        "request_id": request.case.id,
        "officer": {"id": "av1", "name": "Anna Verdi"},
        "text": "La pratica è in lavorazione: riceverà un riscontro entro la fine del mese.",
        "continuation": "allowed",
    });
    Letter {
        source: Source::Sede(request.case.sede.clone()),
        kind: CommandKind::Reply,
        message_id: MessageId::parse(&clock.new_id().to_string()).expect("a UUID is visible ASCII"),
        body: body.to_string().into_bytes(),
    }
}

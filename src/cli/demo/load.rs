//! `usciere demo load`: the engine lives through the last weeks again, day by day.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::story::{Situation, body};
use super::{DemoLoadArgs, made_up};
use crate::amqp::envelope::{RawDelivery, decode};
use crate::amqp::{DecodeRules, Properties};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::reach;
use crate::cli::session::Session;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::calendar::{TimeZone, rome_date};
use crate::domain::command::CommandKind;
use crate::domain::ids::RequestId;
use crate::engine::{Engine, Handled, Item};
use crate::node;
use crate::store::{CrowdPart, Store};

/// Copies made in one transaction.
const CHUNK: u32 = 20_000;
/// From so many copies on it is quicker to sort their words in at the end.
const CROWD: u32 = 50_000;
/// How long to wait for others before looking again.
const LOOK: Duration = Duration::from_millis(200);
const LOOKS: u8 = 100;

#[derive(Debug, Serialize)]
pub(in crate::cli) struct Line {
    situation: Situation,
    requests: usize,
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &["situation", "requests"];

    fn cells(&self) -> Vec<String> {
        vec![self.situation.to_string(), self.requests.to_string()]
    }
}

/// A command of one request.
struct Deed {
    number: usize,
    request: RequestId,
    kind: CommandKind,
}

/// What is done how many days ago, the longest ago first.
type Days = BTreeMap<std::cmp::Reverse<u16>, Vec<Deed>>;

pub(super) async fn run(args: &DemoLoadArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (config, store) = made_up(session).await?;
    let lines = live(args.requests, args.cases.unwrap_or(0), &config, &store, session).await?;
    session.printer.rows(&lines)?;
    Ok(Exit::Ok)
}

/// Lives through requests and then multiplies them up to `cases` more.
pub(in crate::cli) async fn live(
    requests: u16,
    cases: u32,
    config: &Config,
    store: &Store,
    session: &mut Session,
) -> Result<Vec<Line>, Failure> {
    let clock = reach::clock(config, store).await?;
    let engine = node::engine_only(config, store, clock.clone())
        .await
        .map_err(crate::cli::run::failure)?;
    let past = Past {
        engine,
        rules: DecodeRules::from(&config.amqp),
        today: clock.offset(),
        clock,
    };
    let (days, lines) = plan(requests.into(), &past.clock);
    let progress = session
        .printer
        .progress(u64::try_from(days.len()).unwrap_or(u64::MAX), "living");
    for (std::cmp::Reverse(ago), deeds) in &days {
        past.live(*ago, deeds).await?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    let lived: Vec<RequestId> = days
        .values()
        .flatten()
        .filter(|deed| deed.kind == CommandKind::Submit)
        .map(|deed| deed.request)
        .collect();
    multiply(&past, &lived, cases, session).await?;
    Ok(lines)
}

/// Copies what was lived through, and leaves the database as months of work would have: indexed, counted, vacuumed.
async fn multiply(
    past: &Past,
    seeds: &[RequestId],
    cases: u32,
    session: &mut Session,
) -> Result<(), Failure> {
    let store = past.engine.store();
    store.sort_words_in().await?;
    if cases == 0 {
        return Ok(());
    }
    let crowd = cases >= CROWD;
    if crowd {
        store.set_words_aside().await?;
    }
    let copied = copy(past, seeds, cases, session).await;
    if crowd {
        session.printer.say("sorting their words in ...");
        store.sort_words_in().await?;
    }
    copied?;
    session.printer.say("counting finished days ...");
    // Days wait for transactions that may not have heard of it, also of other databases of the cluster; what is left
    // is the job's.
    for _ in 0..LOOKS {
        if !store.count_figures(past.clock.now(), || false).await?.more {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    if crowd {
        session.printer.say("vacuuming ...");
        store.look_through_crowd().await?;
    }
    Ok(())
}

async fn copy(history: &Past, seeds: &[RequestId], cases: u32, session: &Session) -> Result<(), Failure> {
    let progress = session.printer.progress(cases.into(), "multiplying");
    let mut after = 0;
    while after < cases {
        let count = CHUNK.min(cases - after);
        let part = CrowdPart {
            after,
            count,
            total: cases,
            today: rome_date(history.clock.now()),
        };
        history.engine.store().multiply(seeds, part).await?;
        after += count;
        progress.inc(count.into());
    }
    progress.finish_and_clear();
    Ok(())
}

/// Which request does what when: every situation in turn.
fn plan(requests: usize, clock: &Clock) -> (Days, Vec<Line>) {
    let (mut days, mut counts) = (Days::new(), BTreeMap::new());
    for number in 0..requests {
        let situation = Situation::ALL[number % Situation::ALL.len()];
        *counts.entry(situation).or_insert(0) += 1;
        let request = RequestId(clock.new_id());
        let mut on = |day: u16, kind| {
            let ago = std::cmp::Reverse(situation.age() - day);
            days.entry(ago).or_default().push(Deed {
                number,
                request,
                kind,
            });
        };
        on(0, CommandKind::Submit);
        for step in situation.steps() {
            on(step.day, step.kind);
        }
    }
    // Today is lived through even if nothing is done: deadlines fall due.
    days.entry(std::cmp::Reverse(0)).or_default();
    let lines = counts
        .into_iter()
        .map(|(situation, requests)| Line { situation, requests });
    (days, lines.collect())
}

/// To the same time of day so many days ago: where summer time ends or begins, that is an hour more or less.
fn days_back(now: DateTime<Utc>, days: u16) -> TimeDelta {
    let zone = TimeZone::default();
    let wall = zone.local(now).naive_local() - TimeDelta::days(days.into());
    now - zone.instant_of(wall)
}

/// An engine whose clock is moved back.
struct Past {
    engine: Engine,
    rules: DecodeRules,
    clock: Clock,
    today: TimeDelta,
}

impl Past {
    /// One day: what fell due, then what people do.
    async fn live(&self, days_ago: u16, deeds: &[Deed]) -> Result<(), Failure> {
        self.clock.set_offset(self.today);
        let back = days_back(self.clock.now(), days_ago);
        self.clock.set_offset(self.today - back);
        self.engine.sweep(|| false).await?;
        for deed in deeds {
            self.act(deed).await?;
        }
        Ok(())
    }

    async fn act(&self, deed: &Deed) -> Result<(), Failure> {
        let source = if deed.kind.is_of_portal() {
            format!("portal.{}", super::people::patronato(deed.number))
        } else {
            let request = self.engine.store().request(deed.request).await?;
            let request = request.ok_or_else(|| Failure::new(Exit::Failed, "a made-up request is gone"))?;
            format!("sede.{}", request.case.sede)
        };
        let properties = Properties {
            message_id: Some(self.clock.new_id().to_string()),
            kind: Some(deed.kind.as_str().to_owned()),
            content_type: Some("application/json".to_owned()),
            ..Properties::default()
        };
        let body = body(deed.kind, deed.number, deed.request).to_string();
        let delivery = RawDelivery {
            routing_key: &format!("{source}.{}", deed.kind),
            properties: &properties,
            body: body.as_bytes(),
        };
        let envelope = decode(&delivery, &self.rules)
            .map_err(|rejected| Failure::new(Exit::Failed, format!("{}: {}", deed.kind, rejected.detail)))?;
        let item = Item::Command {
            envelope: Arc::new(envelope),
            original: None,
        };
        let handled = self.engine.handle(&[item]).await;
        match handled.map_err(crate::cli::dead::failure)?.pop() {
            Some(Handled::Done { .. } | Handled::Repeated { .. }) => Ok(()),
            other => Err(
                Failure::new(Exit::Failed, format!("{} was not taken: {other:?}", deed.kind))
                    .fix("import the example registers: usciere import ... config/examples/*.csv"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::rome_date;

    #[test]
    fn a_day_back_is_a_day_of_the_calendar_whatever_the_hour() {
        for now in [
            "2026-11-27T22:18:00Z",
            "2026-04-10T21:40:00Z",
            "2026-11-27T23:05:00Z",
        ] {
            let now: DateTime<Utc> = now.parse().unwrap();
            for days in 0..60 {
                let then = rome_date(now - days_back(now, days));
                assert_eq!(rome_date(now) - then, TimeDelta::days(days.into()), "{now}");
            }
        }
    }
}

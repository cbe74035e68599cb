//! Dead letters worked again, as after somebody mended what made them: requests that lacked a message id, and one that
//! nobody can read.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use super::load::Load;
use super::report::Report;
use super::{BenchError, rate, whole};
use crate::admin::dead_letters::{Fate, Replay, Replayed, waiting};
use crate::amqp::DecodeRules;
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::ids::RequestId;
use crate::engine::{Engine, Item};
use crate::store::{DeadLetterMatch, NewDeadLetter};

/// As many as the aim speaks of.
const LETTERS: usize = 20_000;
/// Seconds they may take.
const QUICK: f64 = 30.0;
/// Kept in one transaction.
const TOGETHER: usize = 500;

/// Keeps `count` of them, up to 20,000, works them again, and adds how long 20,000 take.
pub(super) async fn measure(
    engine: &Arc<Engine>,
    rules: DecodeRules,
    load: &Load,
    count: usize,
    report: &mut Report,
) -> Result<(), BenchError> {
    let count = count.clamp(1, LETTERS);
    let bodies = (1..count).map(|number| load.body(number, RequestId(engine.clock().new_id())));
    let letters: Vec<Item> = bodies.chain([b"{".to_vec()]).map(without_id).collect();
    for together in letters.chunks(TOGETHER) {
        engine.handle(together).await?;
    }
    let matching = DeadLetterMatch {
        reason: Some(DeadLetterReason::MissingMessageId),
        ..DeadLetterMatch::default()
    };
    let ids = waiting(engine.store(), &matching).await?;
    let began = Instant::now();
    let replay = Replay::new(Arc::clone(engine), rules);
    let worked = replay.work(&ids, None, "bench", |_| {}).await?;
    let took = began.elapsed();
    let done = |one: &&Replayed| matches!(one.fate, Fate::Done { .. });
    let taken = worked.iter().filter(done).count();
    if worked.len() != count || taken != count - 1 {
        return Err(BenchError::Replay { count, taken });
    }
    let seconds = whole(LETTERS as u64) / rate(count, took);
    report.aim("replay of 20,000 dead letters", "s", QUICK, seconds);
    Ok(())
}

fn without_id(body: Vec<u8>) -> Item {
    Item::DeadLetter(Arc::new(NewDeadLetter {
        reason: DeadLetterReason::MissingMessageId,
        detail: "made up by `usciere bench`".to_owned(),
        source: None,
        message_id: None,
        routing_key: "portal.inca.request.submit".to_owned(),
        properties: json!({ "type": "request.submit", "content_type": "application/json" }),
        headers: json!({ "schema-version": 1 }),
        body,
    }))
}

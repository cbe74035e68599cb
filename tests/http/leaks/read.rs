//! What was answered otherwise than as plain text: papers, spreadsheets, streams of events.

use usciere::domain::person::Person;

use super::scene::{Scene, Sent};
use crate::harness::Answer;
use crate::questions::events::{BEGINNING, Watcher};
use crate::readers::found_in_all;

/// An answer that only a reader sees through, once all of its kind are read together.
pub(super) struct Paper {
    pub(super) reader: Person,
    pub(super) what: String,
    pub(super) bytes: Vec<u8>,
}

impl Scene {
    /// Puts an answer aside whose words are compressed.
    pub(super) fn keep(&mut self, reader: Person, what: String, answer: Answer) {
        let kind = match answer.header("content-type") {
            "application/pdf" => "pdf",
            kind if kind.contains("spreadsheetml") => "xlsx",
            _ => return,
        };
        let bytes = answer.bytes;
        let papers = self.papers.entry(kind).or_default();
        papers.push(Paper { reader, what, bytes });
    }

    /// What stands in papers and spreadsheets, read by readers that are not ours.
    pub(super) fn papers_hold_nothing_of_others(&self) {
        for (kind, papers) in &self.papers {
            let bytes: Vec<&[u8]> = papers.iter().map(|paper| paper.bytes.as_slice()).collect();
            let mut own = 0;
            for (paper, inside) in papers.iter().zip(found_in_all(kind, &bytes)) {
                for mark in self.seen(&inside.to_string()) {
                    let allowed = Self::may_read(&paper.reader, mark.office, &mark.sedi);
                    assert!(allowed, "{} shows {} inside", paper.what, mark.text);
                    own += 1;
                }
            }
            assert!(own > 0, "no {kind} of {} held anything", papers.len());
        }
        assert_eq!(self.papers.len(), 2, "some of each kind were asked for");
    }

    /// Everything that ever happened, as each reader's stream tells it.
    pub(super) async fn streams_tell_nothing_of_others(&self) {
        for reader in self.readers() {
            let theirs = self.requests.iter().filter(|sent| {
                let Sent { office, sede, .. } = sent;
                Self::may_read(&reader, Some(*office), &[sede])
            });
            let theirs: Vec<&str> = theirs.map(|sent| sent.path.rsplit('/').next().unwrap()).collect();
            let mut watcher = Watcher::start(&self.site, &reader, Some(BEGINNING)).await;
            // Submitted, assigned, replied, messaged; and then perhaps what the calls brought about.
            let (mut told, mut ready) = (0, false);
            while told < 4 * theirs.len() || !ready {
                let one = watcher.next().await.unwrap();
                if one.event == "ready" {
                    ready = true;
                    continue;
                }
                let request = one.data["request_id"].as_str().unwrap();
                assert!(theirs.contains(&request), "{} is told of {request}", reader.id);
                told += 1;
            }
            let mark = self.seen(watcher.heard()).next();
            assert!(mark.is_none(), "a stream tells ids alone");
        }
    }
}

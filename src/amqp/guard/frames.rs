//! The byte stream of a broker, frame by frame: what lapin could not survive is made harmless, the rest passes.

use super::properties::{self, FIXED, FLAG_HEADERS};
use crate::amqp::budget::Budget;
use crate::domain::dead_letter::DeadLetterReason;

/// Header of a message whose own properties could not be read: the reason.
pub const UNREADABLE: &str = "x-usciere-unreadable";
/// Its properties as they came, flags first.
pub const RAW_PROPERTIES: &str = "x-usciere-properties";

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const FRAME_END: u8 = 0xCE;
/// Type, channel, size.
const FRAME_HEADER: usize = 7;
/// A whole heartbeat.
pub(super) const HEARTBEAT: [u8; 8] = [8, 0, 0, 0, 0, 0, 0, FRAME_END];
/// `basic.deliver`: its class and method.
const DELIVER: [u8; 4] = [0, 60, 0, 60];
/// What every broker may send, whatever was negotiated.
const SMALLEST_FRAME_MAX: usize = 4_096;
/// Longer frames than this are passed on unseen; the broker sends 128 KiB at most.
const LONGEST_HELD: usize = 1024 * 1024;

/// Reads bytes in any pieces and gives them on, frame by frame.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The frame being collected, as far as it has come.
    held: Vec<u8>,
    /// How much of a frame that needs no look is still to pass.
    passing: usize,
    /// What comes is not AMQP: everything passes.
    foreign: bool,
}

impl Frames {
    /// Takes bytes from the broker and appends to `out` what may be read; answers how many it took: none behind the
    /// header of a body there is no room for.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>, budget: &Budget) -> usize {
        let mut left = bytes;
        loop {
            if self.foreign {
                out.extend_from_slice(left);
                return bytes.len();
            }
            if self.passing > 0 {
                let (passed, rest) = left.split_at(left.len().min(self.passing));
                out.extend_from_slice(passed);
                self.passing -= passed.len();
                left = rest;
            }
            let wanted = self.wanted() - self.held.len();
            if self.passing > 0 || (left.is_empty() && wanted > 0) {
                return bytes.len();
            }
            let (taken, rest) = left.split_at(left.len().min(wanted));
            self.held.extend_from_slice(taken);
            left = rest;
            self.release(out, budget);
            if self.is_full() {
                return bytes.len() - left.len();
            }
        }
    }

    /// Whether the header of a body is held back until there is room for it.
    pub(super) fn is_full(&self) -> bool {
        self.payload_size()
            .is_some_and(|size| self.held.len() == FRAME_HEADER + size + 1)
    }

    /// How long the held frame must become before something can be said of it.
    fn wanted(&self) -> usize {
        self.payload_size()
            .map_or(FRAME_HEADER, |size| FRAME_HEADER + size + 1)
    }

    fn payload_size(&self) -> Option<usize> {
        let size = self.held.get(3..FRAME_HEADER)?;
        usize::try_from(u32::from_be_bytes(size.try_into().ok()?)).ok()
    }

    /// Gives on what is held once it is known what it is, and if there is room for the body it announces.
    fn release(&mut self, out: &mut Vec<u8>, budget: &Budget) {
        let Some(size) = self.payload_size() else {
            return;
        };
        let kind = self.held[0];
        let looked_at = matches!(kind, METHOD | HEADER) && size <= LONGEST_HELD;
        self.foreign = kind == b'A';
        if self.foreign || !looked_at {
            // The frame's first bytes; the rest need not be held.
            self.passing = (FRAME_HEADER + size + 1) - self.held.len();
            out.append(&mut self.held);
        } else if self.held.len() == FRAME_HEADER + size + 1 {
            if kind == METHOD {
                readable_names(&mut self.held[FRAME_HEADER..]);
            } else {
                let body = body_size(&self.held[FRAME_HEADER..]);
                if body > 0 && !budget.has_room() {
                    return;
                }
                budget.read(usize::try_from(body).unwrap_or(usize::MAX));
                readable_properties(&mut self.held);
            }
            out.append(&mut self.held);
        }
    }
}

/// What a content header says of its body: it comes after class and weight.
fn body_size(payload: &[u8]) -> u64 {
    let size = payload.get(4..FIXED).and_then(|size| size.try_into().ok());
    size.map_or(0, u64::from_be_bytes)
}

/// In a delivery, what is not text in exchange and routing key becomes question marks: no identity has those.
fn readable_names(payload: &mut [u8]) {
    if !payload.starts_with(&DELIVER) {
        return;
    }
    let Some(after_tag) = after_short(&mut payload[DELIVER.len()..]) else {
        return;
    };
    // Delivery tag and the redelivered bit.
    let Some(mut names) = after_tag.get_mut(9..) else {
        return;
    };
    for _ in 0..2 {
        let Some((length, rest)) = names.split_first_mut() else {
            return;
        };
        let Some((name, rest)) = rest.split_at_mut_checked(usize::from(*length)) else {
            return;
        };
        if std::str::from_utf8(name).is_err() {
            name.iter_mut()
                .filter(|byte| !byte.is_ascii())
                .for_each(|byte| *byte = b'?');
        }
        names = rest;
    }
}

/// What follows a short text.
fn after_short(bytes: &mut [u8]) -> Option<&mut [u8]> {
    let length = usize::from(*bytes.first()?);
    bytes.get_mut(1 + length..)
}

/// Replaces properties that cannot be read by two headers: why, and the properties as they came.
fn readable_properties(frame: &mut Vec<u8>) {
    let payload = &frame[FRAME_HEADER..frame.len() - 1];
    let Some(reason) = properties::fault(payload) else {
        return;
    };
    let room = payload.len().max(SMALLEST_FRAME_MAX - 64) - 128;
    let table = table_about(reason, &payload[FIXED.min(payload.len())..], room);
    let mut harmless = payload[..FIXED.min(payload.len())].to_vec();
    harmless.resize(FIXED, 0);
    harmless.extend(FLAG_HEADERS.to_be_bytes());
    harmless.extend(long(table.len()));
    harmless.extend(table);
    frame.truncate(3);
    frame.extend(long(harmless.len()));
    frame.extend(harmless);
    frame.push(FRAME_END);
}

/// The entries of a header table. The frame must not outgrow what the broker may send, so what is too long is cut.
fn table_about(reason: DeadLetterReason, raw: &[u8], room: usize) -> Vec<u8> {
    let mut table = Vec::new();
    for (name, tag, value) in [
        (UNREADABLE, b'S', reason.as_str().as_bytes()),
        (RAW_PROPERTIES, b'x', &raw[..raw.len().min(room)]),
    ] {
        table.push(u8::try_from(name.len()).expect("a constant of a few letters"));
        table.extend(name.as_bytes());
        table.push(tag);
        table.extend(long(value.len()));
        table.extend(value);
    }
    table
}

fn long(length: usize) -> [u8; 4] {
    u32::try_from(length)
        .expect("frames are shorter than 4 GiB")
        .to_be_bytes()
}

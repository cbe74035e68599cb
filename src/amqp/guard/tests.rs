//! What passes untouched, what is made harmless, and that nothing is lost or invented on the way.

use futures::io::{AsyncReadExt, Cursor};
use proptest::prelude::*;

use super::frames::{Frames, RAW_PROPERTIES, UNREADABLE};
use super::*;

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind, 0, 1];
    frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend(payload);
    frame.push(0xCE);
    frame
}

/// A content header with these flags and these property bytes.
fn header(flags: u16, properties: &[u8]) -> Vec<u8> {
    let mut payload = vec![0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5];
    payload.extend(flags.to_be_bytes());
    payload.extend(properties);
    frame(2, &payload)
}

fn table(entries: &[u8]) -> Vec<u8> {
    [&u32::try_from(entries.len()).unwrap().to_be_bytes(), entries].concat()
}

fn short(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text].concat()
}

/// A table whose one entry is lists within each other.
fn nested(levels: usize) -> Vec<u8> {
    let list = (0..levels).fold(Vec::new(), |inner, _| [b"A".as_slice(), &table(&inner)].concat());
    table(&[short(b"h"), list].concat())
}

fn deliver(routing_key: &[u8]) -> Vec<u8> {
    let mut payload = vec![0, 60, 0, 60];
    payload.extend(short(b"ctag"));
    payload.extend([0; 9]);
    payload.extend(short(b"usciere.commands"));
    payload.extend(short(routing_key));
    frame(1, &payload)
}

fn passed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Frames::default().feed(bytes, &mut out, &Budget::unlimited());
    out
}

const HEADERS: u16 = 1 << 13;
const MESSAGE_ID: u16 = 1 << 7;

#[test]
fn what_can_be_read_passes_untouched() {
    let all_values = [
        short(b"a"),
        b"t\x01".to_vec(),
        short(b"b"),
        b"l\0\0\0\0\0\0\0\x07".to_vec(),
        short(b"c"),
        [b"S".as_slice(), &table("perché".as_bytes())].concat(),
        short(b"d"),
        b"V".to_vec(),
        short(b"e"),
        b"D\x02\0\0\0\x09".to_vec(),
        short(b"f"),
        [b"F".as_slice(), &nested(3)].concat(),
    ]
    .concat();
    for (what, bytes) in [
        ("no properties", header(0, &[])),
        ("a message id", header(MESSAGE_ID, &short("m-1".as_bytes()))),
        ("values of every kind", header(HEADERS, &table(&all_values))),
        ("nesting of eight", header(HEADERS, &nested(8))),
        ("a delivery", deliver(b"portal.inca.request.submit")),
        ("a body that is no text", frame(3, &[0xFF; 300])),
        ("a heartbeat", frame(8, &[])),
        ("no AMQP at all", b"AMQP\0\0\x09\x01 and so on".to_vec()),
    ] {
        assert_eq!(passed(&bytes), bytes, "{what}");
    }
}

#[test]
fn what_cannot_be_read_becomes_a_message_that_says_so() {
    let bad_name = table(&[short(b"\xff"), b"t\x01".to_vec()].concat());
    for (what, flags, properties, reason) in [
        (
            "a message id that is no text",
            MESSAGE_ID,
            short(b"\xff\xfe"),
            "invalid_utf8",
        ),
        ("a header name that is no text", HEADERS, bad_name, "invalid_utf8"),
        ("nesting of nine", HEADERS, nested(9), "too_many_headers"),
        ("nesting of 4,000", HEADERS, nested(4_000), "too_many_headers"),
        (
            "a value of no known kind",
            HEADERS,
            table(b"\x01aZ"),
            "too_many_headers",
        ),
        ("a table cut off", HEADERS, table(b"\x05a"), "too_many_headers"),
        (
            "properties cut off",
            MESSAGE_ID,
            vec![200, b'x'],
            "too_many_headers",
        ),
    ] {
        let harmless = passed(&header(flags, &properties));
        let text = String::from_utf8_lossy(&harmless);
        assert!(text.contains(UNREADABLE) && text.contains(reason), "{what}");
        assert!(text.contains(RAW_PROPERTIES), "{what}");
        // Only of the longest a few bytes at the end are cut, so that the frame does not grow.
        let kept = &properties[..properties.len().min(19_000)];
        assert!(
            harmless.windows(kept.len()).any(|part| part == kept),
            "{what}: kept as they came"
        );
        assert_eq!(
            harmless[7..19],
            header(flags, &properties)[7..19],
            "{what}: class and body size stay"
        );
        assert_eq!(passed(&harmless), harmless, "{what}: now it can be read");
    }
}

#[test]
fn a_harmless_frame_is_not_longer_than_the_broker_may_send() {
    let frame_max = 131_072;
    let properties = [
        table(
            &[
                short(b"h"),
                [b"S".as_slice(), &table(&vec![b'x'; 130_000])].concat(),
            ]
            .concat(),
        ),
        short(b"\xff"),
    ]
    .concat();
    let frame = header(HEADERS | MESSAGE_ID, &properties);
    assert!(frame.len() < frame_max);
    assert!(passed(&frame).len() < frame_max);
}

#[test]
fn a_routing_key_that_is_no_text_names_nobody() {
    let bytes = passed(&deliver(b"portal.\xff\xfe.request.submit"));
    assert_eq!(bytes, deliver(b"portal.??.request.submit"));
}

#[tokio::test]
async fn a_stream_gives_on_what_its_frames_do() {
    let bytes = [
        deliver(b"portal.inca.x"),
        header(MESSAGE_ID, &short(b"\xff")),
        frame(3, &vec![7; 100_000]),
    ]
    .concat();
    let mut read = Vec::new();
    Guarded::new(Cursor::new(bytes.clone()), PATIENCE, Budget::unlimited())
        .read_to_end(&mut read)
        .await
        .unwrap();
    assert_eq!(read, passed(&bytes));
}

#[tokio::test]
async fn a_broker_that_never_says_a_word_is_given_up() {
    let error = Guarded::new(Silence, Duration::from_millis(1), Budget::unlimited())
        .read(&mut [0; 8])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

/// A stream on which nothing ever comes.
struct Silence;

impl AsyncRead for Silence {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
}

/// A property's bytes: well formed most of the time.
fn any_property() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just(b"t\x01".to_vec()),
        prop::collection::vec(any::<u8>(), 4).prop_map(|bytes| [b"I", bytes.as_slice()].concat()),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| [b"S".as_slice(), &table(&bytes)].concat()),
        prop::collection::vec(any::<u8>(), 1..4),
    ];
    let value = value.prop_recursive(4, 16, 3, |inner| {
        let named =
            ("[a-z]{1,3}", inner.clone()).prop_map(|(name, value)| [short(name.as_bytes()), value].concat());
        prop_oneof![
            prop::collection::vec(inner, 0..3)
                .prop_map(|items| [b"A".as_slice(), &table(&items.concat())].concat()),
            prop::collection::vec(named, 0..3)
                .prop_map(|items| [b"F".as_slice(), &table(&items.concat())].concat()),
        ]
    });
    prop_oneof![
        3 => "[a-zè]{0,6}".prop_map(|text| short(text.as_bytes())),
        3 => value.prop_map(|value| table(&[short(b"h"), value].concat())),
        1 => prop::collection::vec(any::<u8>(), 0..9),
    ]
}

proptest! {
    #[test]
    fn the_pieces_a_stream_comes_in_do_not_matter(
        keys in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..6),
        cuts in prop::collection::vec(1_usize..40, 1..40),
    ) {
        let bytes: Vec<u8> =
            keys.iter().flat_map(|key| [deliver(key), header(MESSAGE_ID, &short(key)), frame(3, key)].concat()).collect();
        let (mut frames, mut out, mut rest) = (Frames::default(), Vec::new(), bytes.as_slice());
        for cut in cuts.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*cut));
            frames.feed(piece, &mut out, &Budget::unlimited());
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(out, passed(&bytes));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), flags: u16) {
        passed(&bytes);
        passed(&header(flags, &bytes));
        passed(&frame(1, &[&[0, 60, 0, 60], bytes.as_slice()].concat()));
    }

    #[test]
    fn lapin_reads_whatever_is_let_through(
        flags in prop_oneof![Just(HEADERS), Just(MESSAGE_ID), Just(HEADERS | MESSAGE_ID), any::<u16>()],
        parts in prop::collection::vec(any_property(), 0..4),
    ) {
        let frame = header(flags, &parts.concat());
        if passed(&frame) == frame {
            let properties = &frame[7 + 12..frame.len() - 1];
            let read = lapin::protocol::basic::parse_properties(properties);
            prop_assert!(matches!(read, Ok(([], _))), "{read:?}");
        }
    }
}

/// What a broker sends, which lapin would read at once.
async fn read_some(guarded: &mut Guarded<Cursor<Vec<u8>>>) -> Vec<u8> {
    let mut buffer = vec![0; READ_SIZE];
    let count = guarded.read(&mut buffer).await.unwrap();
    buffer.truncate(count);
    buffer
}

/// A content header and the body it announces, in one frame.
fn content(size: usize) -> Vec<u8> {
    let mut payload = vec![0, 60, 0, 0];
    payload.extend((size as u64).to_be_bytes());
    payload.extend([0, 0]);
    [frame(2, &payload), frame(3, &vec![7; size])].concat()
}

#[tokio::test(start_paused = true)]
async fn without_room_nothing_is_read_and_lapin_hears_heartbeats() {
    let budget = Budget::of(100);
    let message = content(60);
    // The third message begins behind what is read at once.
    let filler = frame(1, &vec![0; READ_SIZE - 2 * message.len() - 8]);
    let bytes = [&message[..], &message, &filler, &message].concat();
    let mut guarded = Guarded::new(Cursor::new(bytes), PATIENCE, budget.clone());
    assert_eq!(read_some(&mut guarded).await.len(), READ_SIZE);
    let (first, second) = (budget.hold(60), budget.hold(60));
    for _ in 0..100 {
        assert_eq!(read_some(&mut guarded).await, HEARTBEAT);
    }
    drop(first);
    assert_eq!(read_some(&mut guarded).await, message);
    drop(second);
    assert!(read_some(&mut guarded).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_begun_is_read_to_its_end() {
    let budget = Budget::of(100);
    let message = content(200_000);
    let bytes = [&message[..], &message].concat();
    let mut guarded = Guarded::new(Cursor::new(bytes), PATIENCE, budget.clone());
    let mut read = Vec::new();
    while read.len() < message.len() {
        read.extend(read_some(&mut guarded).await);
    }
    assert_eq!(read, message);
    assert_eq!(read_some(&mut guarded).await, HEARTBEAT);
    drop(budget.hold(200_000));
    assert_ne!(read_some(&mut guarded).await, HEARTBEAT, "the next one begins");
}

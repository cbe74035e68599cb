//! A CSV file line by line, in memory that does not grow with the file, whatever is in it.

use std::io::{self, Read};

use csv::{ByteRecord, Position, Reader, ReaderBuilder, Terminator};

/// The longest a line may be. A quote that is never closed would otherwise swallow the rest of the file.
const LONGEST_LINE: usize = 1 << 20;

pub(super) struct Lines<R> {
    reader: Reader<Bounded<R>>,
    header: ByteRecord,
    record: ByteRecord,
}

impl<R: Read> Lines<R> {
    /// Reads the header; a byte order mark before it is left out.
    pub(super) fn open(file: R) -> csv::Result<Self> {
        let bounded = Bounded {
            inner: file,
            left: LONGEST_LINE,
            total: 0,
            last: b'\n',
        };
        let mut builder = ReaderBuilder::new();
        // with the default the record after a CRLF starts between the two, and its line number is one too low
        builder.flexible(true).terminator(Terminator::Any(b'\n'));
        let mut reader = builder.from_reader(bounded);
        let header = reader.byte_headers()?.clone();
        Ok(Self {
            reader,
            header,
            record: ByteRecord::new(),
        })
    }

    pub(super) const fn header(&self) -> &ByteRecord {
        &self.header
    }

    /// Moves to the next line that is not empty; false at the end.
    pub(super) fn next(&mut self) -> csv::Result<bool> {
        loop {
            self.reader.get_mut().left = LONGEST_LINE;
            if !self.reader.read_byte_record(&mut self.record)? {
                return Ok(false);
            }
            if self.record.len() > 1 || !self.record[0].trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    pub(super) const fn record(&self) -> &ByteRecord {
        &self.record
    }

    /// Where the record starts; the header is line 1. The reader's own position is that of empty lines before it.
    pub(super) fn line(&self) -> u64 {
        let from = self.record.position().map_or(0, Position::line);
        let passed = self.reader.position().line() - from;
        let inside = self
            .record
            .iter()
            .flatten()
            .filter(|byte| **byte == b'\n')
            .count();
        let file = self.reader.get_ref();
        let cut_short = self.bytes() == file.total && file.last != b'\n';
        let terminator = u64::from(!cut_short);
        from + passed.saturating_sub(u64::try_from(inside).unwrap_or(0) + terminator)
    }

    /// How much of the file is done.
    pub(super) fn bytes(&self) -> u64 {
        self.reader.position().byte()
    }
}

/// Gives up when one record wants more than its share.
struct Bounded<R> {
    inner: R,
    left: usize,
    total: u64,
    /// The last byte so far.
    last: u8,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "a line is longer than 1 MiB: is a quote not closed?",
            )
        })?;
        self.total += u64::try_from(read).unwrap_or(0);
        self.last = buffer[..read].last().copied().unwrap_or(self.last);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("a,b\n1,2\n3,4\n", &[2, 3])]
    #[case::no_newline_at_the_end("a,b\n1,2\n3,4", &[2, 3])]
    #[case::windows("a,b\r\n1,2\r\n3,4\r\n", &[2, 3])]
    #[case::empty_lines("a,b\n\n1,2\n\n\n3,4\n\n", &[3, 6])]
    #[case::empty_lines_of_windows("a,b\r\n\r\n1,2\r\n\r\n3,4", &[3, 5])]
    #[case::a_field_of_three_lines("a,b\n1,\"x\ny\nz\"\n3,4\n", &[2, 5])]
    #[case::ends_in_a_field_of_two_lines("a,b\n\n1,\"x\ny\"", &[3])]
    #[case::only_a_header("a,b\n", &[])]
    #[case::nothing("", &[])]
    fn lines_are_counted_as_an_editor_counts_them(#[case] csv: &str, #[case] expected: &[u64]) {
        let mut lines = Lines::open(csv.as_bytes()).unwrap();
        let mut found = Vec::new();
        while lines.next().unwrap() {
            found.push(lines.line());
        }
        assert_eq!(found, expected);
        assert_eq!(lines.bytes(), u64::try_from(csv.len()).unwrap());
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_in_a_file_every_line_has_its_place(bytes in "(?s)[a-z,\"\r\n;\u{0}\u{e8}]{0,60}") {
            let mut lines = Lines::open(bytes.as_bytes()).unwrap();
            let last = 1 + bytes.matches('\n').count() as u64;
            let mut before = 0;
            while lines.next().unwrap() {
                let line = lines.line();
                proptest::prop_assert!(before < line && line <= last, "{line} after {before} of {last}");
                before = line;
            }
            proptest::prop_assert_eq!(lines.bytes(), bytes.len() as u64);
        }
    }

    #[test]
    fn every_file_of_the_corpus_is_read_to_its_end_or_to_its_fault() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/corpus/csv");
        for entry in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            let Ok(mut lines) = Lines::open(&bytes[..]) else {
                continue;
            };
            let mut before = 0;
            while lines.next().unwrap_or(false) {
                assert!(lines.line() > before, "after line {before}");
                before = lines.line();
            }
        }
    }
}

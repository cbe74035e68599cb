//! A CSV file line by line, in memory that does not grow with the file, whatever is in it.

use std::io::{self, Read};

use csv::{ByteRecord, Reader, ReaderBuilder, Trim};

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
        };
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .trim(Trim::All)
            .from_reader(bounded);
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
        self.reader.get_mut().left = LONGEST_LINE;
        self.reader.read_byte_record(&mut self.record)
    }

    pub(super) const fn record(&self) -> &ByteRecord {
        &self.record
    }

    /// Where the record starts; the header is line 1.
    pub(super) fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
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
        Ok(read)
    }
}

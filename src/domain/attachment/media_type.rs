//! The five kinds of file the manual allows, by name and by content.

use super::super::event::words;

words!(
    /// What a file is.
    MediaType {
        Gif = "image/gif",
        Jpeg = "image/jpeg",
        Pdf = "application/pdf",
        Tiff = "image/tiff",
        Text = "text/plain",
    }
);

impl MediaType {
    /// What a file says it is by the end of its name.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "gif" => Some(Self::Gif),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "pdf" => Some(Self::Pdf),
            "tif" | "tiff" => Some(Self::Tiff),
            "txt" => Some(Self::Text),
            _ => None,
        }
    }

    /// What a file is by its content, where it is one of the five.
    pub fn of_content(bytes: &[u8]) -> Option<Self> {
        let starts = |magics: &[&[u8]]| magics.iter().any(|magic| bytes.starts_with(magic));
        if starts(&[b"GIF87a", b"GIF89a"]) {
            Some(Self::Gif)
        } else if starts(&[b"\xff\xd8\xff"]) {
            Some(Self::Jpeg)
        } else if starts(&[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]) && bytes.len() >= 8 {
            // little and big endian, each also as BigTIFF
            Some(Self::Tiff)
        } else if after_blanks(bytes).starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else if is_text(bytes) {
            Some(Self::Text)
        } else {
            None
        }
    }
}

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Some programs write a mark or newlines before a PDF's header.
fn after_blanks(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes).trim_ascii_start()
}

/// UTF-8, Latin-1 and its Windows kin, or UTF-16 with its mark; without control characters but those of layout.
fn is_text(bytes: &[u8]) -> bool {
    let layout = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c);
    match bytes {
        [0xff, 0xfe, units @ ..] => is_utf_16(units, u16::from_le_bytes),
        [0xfe, 0xff, units @ ..] => is_utf_16(units, u16::from_be_bytes),
        _ => bytes.iter().all(|byte| !byte.is_ascii_control() || layout(*byte)),
    }
}

fn is_utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> bool {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut characters = char::decode_utf16(units.iter().map(|pair| unit(*pair)));
    rest.is_empty() && characters.all(|one| one.is_ok_and(|one| !one.is_control() || one.is_whitespace()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::gif(b"GIF89a\x01\x00", Some(MediaType::Gif))]
    #[case::jpeg(b"\xff\xd8\xff\xe0\x00\x10JFIF", Some(MediaType::Jpeg))]
    #[case::pdf(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", Some(MediaType::Pdf))]
    #[case::pdf_after_newlines(b"\r\n\n%PDF-1.4", Some(MediaType::Pdf))]
    #[case::tiff_little(b"II*\0\x08\0\0\0", Some(MediaType::Tiff))]
    #[case::tiff_big(b"MM\0*\0\0\0\x08", Some(MediaType::Tiff))]
    #[case::tiff_cut_short(b"II*\0", None)]
    #[case::utf_8("Città: perché?\r\n\tsì".as_bytes(), Some(MediaType::Text))]
    #[case::latin_1(b"Citt\xe0", Some(MediaType::Text))]
    #[case::utf_16(b"\xff\xfeC\0i\0\r\0\n\0", Some(MediaType::Text))]
    #[case::utf_16_cut_short(b"\xff\xfeC\0i", None)]
    #[case::half_a_surrogate_pair(b"\xfe\xff\xd8\x00\x00a", None)]
    #[case::nul(b"a\0b", None)]
    #[case::escape(b"\x1b[31m", None)]
    #[case::program(b"MZ\x90\0\x03", None)]
    #[case::elf(b"\x7fELF\x02", None)]
    #[case::zip(b"PK\x03\x04", None)]
    #[case::png(b"\x89PNG\r\n\x1a\n", None)]
    #[case::webp(b"RIFF\x10\0\0\0WEBP", None)]
    fn content_tells_the_kind(#[case] bytes: &[u8], #[case] kind: Option<MediaType>) {
        assert_eq!(MediaType::of_content(bytes), kind);
    }

    #[rstest]
    #[case("Documento.TXT", Some(MediaType::Text))]
    #[case("a.b.jpeg", Some(MediaType::Jpeg))]
    #[case("scan.tif", Some(MediaType::Tiff))]
    #[case("pdf", None)]
    #[case("a.pdf.exe", None)]
    #[case("a.docx", None)]
    #[case("a.", None)]
    fn a_name_claims_a_kind(#[case] name: &str, #[case] kind: Option<MediaType>) {
        assert_eq!(MediaType::of_name(name), kind);
    }
}

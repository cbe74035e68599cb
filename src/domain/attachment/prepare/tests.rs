use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn inline(name: &str, bytes: &[u8]) -> AttachmentInput {
    AttachmentInput {
        name: name.to_owned(),
        content_base64: Some(STANDARD.encode(bytes)),
        sha256: None,
    }
}

fn uploaded(name: &str, sha256: &str) -> AttachmentInput {
    AttachmentInput {
        name: name.to_owned(),
        content_base64: None,
        sha256: Some(sha256.to_owned()),
    }
}

/// Ten bytes a file, two files, fifteen bytes in all.
const SMALL: AttachmentLimits = AttachmentLimits {
    file: 10,
    files: 2,
    message: 15,
};

#[test]
fn good_files_are_decoded_named_and_typed() {
    let hash = Sha256Hex::of(b"x");
    let inputs = [
        inline("C:\\Documento.TXT", b"prova"),
        uploaded("x.pdf", &hash.as_str().to_ascii_uppercase()),
    ];
    let prepared = prepare(&inputs, &AttachmentLimits::default()).unwrap();
    assert_eq!(
        (prepared[0].name.as_str(), prepared[0].media_type),
        ("Documento.TXT", MediaType::Text)
    );
    assert!(matches!(&prepared[0].content, PreparedContent::Inline(bytes) if bytes == b"prova"));
    assert_eq!(prepared[1].media_type, MediaType::Pdf);
    assert!(matches!(prepared[1].content, PreparedContent::Uploaded));
    assert_eq!(prepared[1].sha256, hash);
}

fn text(length: usize) -> AttachmentInput {
    inline("a.txt", &vec![b'a'; length])
}

#[rstest]
#[case::kind(vec![inline("a.exe", b"MZ")], RefusalCode::AttachmentType, "/attachments/0/content_base64",
    "Formato non ammesso: usa gif, jpg, pdf, tiff o txt.")]
#[case::kind_of_an_uploaded_one(vec![uploaded("a.docx", &"0".repeat(64))], RefusalCode::AttachmentType,
    "/attachments/0/name", "Formato non ammesso: usa gif, jpg, pdf, tiff o txt.")]
#[case::content(vec![text(1), inline("b.pdf", b"PK\x03\x04")], RefusalCode::AttachmentType,
    "/attachments/1/content_base64", "Il contenuto di «b.pdf» non corrisponde al suo formato.")]
#[case::empty(vec![inline("a.txt", b"")], RefusalCode::AttachmentType, "/attachments/0/content_base64",
    "File vuoto.")]
#[case::one_byte_too_large(vec![text(11)], RefusalCode::AttachmentTooLarge, "/attachments/0/content_base64",
    "Il file «a.txt» supera 10 byte.")]
#[case::far_too_large(vec![text(1_000)], RefusalCode::AttachmentTooLarge, "/attachments/0/content_base64",
    "Il file «a.txt» supera 10 byte.")]
#[case::too_large_together(vec![text(8), text(8)], RefusalCode::AttachmentTooLarge, "/attachments",
    "Gli allegati superano 15 byte in tutto.")]
#[case::too_many(vec![text(1), text(1), text(1)], RefusalCode::AttachmentTooLarge, "/attachments",
    "Gli allegati sono più di 2.")]
#[case::not_base64(vec![AttachmentInput { content_base64: Some("@@@@".to_owned()), ..text(1) }],
    RefusalCode::InvalidBody, "/attachments/0/content_base64", "Il contenuto non è in base64.")]
#[case::not_a_hash(vec![uploaded("a.pdf", "12ab")], RefusalCode::InvalidBody, "/attachments/0/sha256",
    "Uno sha256 è di 64 cifre esadecimali.")]
#[case::neither(vec![AttachmentInput { content_base64: None, ..text(1) }], RefusalCode::InvalidBody,
    "/attachments/0", "Indica il contenuto in base64 oppure lo sha256 di un file già caricato.")]
#[case::both(vec![AttachmentInput { sha256: Some("0".repeat(64)), ..text(1) }], RefusalCode::InvalidBody,
    "/attachments/0", "Indica il contenuto in base64 oppure lo sha256 di un file già caricato.")]
fn bad_files_are_refused(
    #[case] inputs: Vec<AttachmentInput>,
    #[case] code: RefusalCode,
    #[case] pointer: &str,
    #[case] message: &str,
) {
    let refusal = prepare(&inputs, &SMALL).unwrap_err();
    assert_eq!((refusal.code, refusal.message.as_str()), (code, message));
    assert_eq!(refusal.fields.len(), 1);
    assert_eq!(
        (
            refusal.fields[0].pointer.as_str(),
            refusal.fields[0].message.as_str()
        ),
        (pointer, message)
    );
}

#[test]
fn every_complaint_is_told_at_once() {
    let refusal = prepare(&[text(11), inline("b.exe", b"MZ")], &SMALL).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::AttachmentTooLarge);
    let pointers: Vec<_> = refusal
        .fields
        .iter()
        .map(|field| field.pointer.as_str())
        .collect();
    assert_eq!(
        pointers,
        ["/attachments/0/content_base64", "/attachments/1/content_base64"]
    );
}

#[test]
fn the_manuals_limit_is_six_megabytes() {
    let limits = AttachmentLimits::default();
    let full = vec![b'a'; 6 * 1024 * 1024];
    assert_eq!(check_file("a.txt", &full, &limits), Ok(MediaType::Text));
    let refusal = check_file("a.txt", &[full, vec![b'a']].concat(), &limits).unwrap_err();
    assert_eq!(refusal.message, "Il file «a.txt» supera 6 MB.");
}

proptest! {
    #[test]
    fn what_is_prepared_keeps_to_the_limits(sizes in prop::collection::vec(0..14_usize, 0..4)) {
        let inputs: Vec<_> = sizes.iter().map(|size| text(*size)).collect();
        let allowed = sizes.len() <= 2 && sizes.iter().all(|size| (1..=10).contains(size))
            && sizes.iter().sum::<usize>() <= 15;
        prop_assert_eq!(prepare(&inputs, &SMALL).is_ok(), allowed);
    }

    #[test]
    fn any_input_is_judged_without_a_panic(name in any::<String>(), base64 in any::<Option<String>>(), hash in any::<Option<String>>()) {
        let _ = prepare(&[AttachmentInput { name, content_base64: base64, sha256: hash }], &SMALL);
    }
}

#[rstest]
#[case::six_megabytes(&[6 * MIB], true)]
#[case::one_byte_more(&[6 * MIB + 1], false)]
#[case::ten_files(&[1; 10], true)]
#[case::eleven_files(&[1; 11], false)]
#[case::twenty_megabytes(&[5 * MIB; 4], true)]
#[case::one_byte_more_in_all(&[5 * MIB, 5 * MIB, 5 * MIB, 5 * MIB, 1], false)]
fn r_064_six_megabytes_a_file_ten_files_and_twenty_megabytes_a_message(
    #[case] sizes: &[u64],
    #[case] allowed: bool,
) {
    let inputs: Vec<_> = sizes
        .iter()
        .map(|size| text(usize::try_from(*size).unwrap()))
        .collect();
    let judged = prepare(&inputs, &AttachmentLimits::default());
    assert_eq!(judged.is_ok(), allowed);
    let code = judged.err().map(|refusal| refusal.code);
    assert!(
        allowed || code == Some(RefusalCode::AttachmentTooLarge),
        "{code:?}"
    );
}

#[test]
fn r_065_each_file_keeps_its_name_and_its_place() {
    let inputs = [inline("Documento.txt", b"uno"), inline("../Altro.TXT", b"due")];
    let names: Vec<_> = prepare(&inputs, &AttachmentLimits::default())
        .unwrap()
        .into_iter()
        .map(|file| (file.index, file.name))
        .collect();
    assert_eq!(
        names,
        [(0, "Documento.txt".to_owned()), (1, "Altro.TXT".to_owned())]
    );
}

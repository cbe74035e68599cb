use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::config::attachments::AttachmentsUrl;
use crate::domain::attachment::{MediaType, prepare};
use crate::domain::command::AttachmentInput;

fn store() -> (TempDir, AttachmentStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = AttachmentStore::open(&settings(&folder.path().join("made/when/missing"))).unwrap();
    (folder, store)
}

fn settings(folder: &Path) -> AttachmentsSettings {
    AttachmentsSettings {
        url: AttachmentsUrl::Folder(folder.to_owned()),
        ..AttachmentsSettings::default()
    }
}

/// What the database would know of an uploaded file.
fn known(size: u64, media_type: MediaType, scan: ScanState) -> KnownFile {
    KnownFile {
        size,
        media_type,
        scan,
        own: true,
    }
}

/// The files of a message, of which the last was uploaded before.
fn with_last_known(
    inputs: &[AttachmentInput],
    limits: &AttachmentLimits,
    last: Option<KnownFile>,
) -> Vec<(Option<KnownFile>, Prepared)> {
    let mut files: Vec<_> = prepare(inputs, limits)
        .unwrap()
        .into_iter()
        .map(|file| (None, file))
        .collect();
    files.last_mut().unwrap().0 = last;
    files
}

fn uploaded(name: &str, sha256: &Sha256Hex) -> AttachmentInput {
    AttachmentInput {
        name: name.to_owned(),
        content_base64: None,
        sha256: Some(sha256.to_string()),
    }
}

fn inline(name: &str, base64: &str) -> AttachmentInput {
    AttachmentInput {
        name: name.to_owned(),
        content_base64: Some(base64.to_owned()),
        sha256: None,
    }
}

/// The files under the store's folder.
fn files_of(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files_of(&entry.path()));
        } else {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}

#[tokio::test]
async fn what_is_put_can_be_got_by_its_hash() {
    let (folder, store) = store();
    let sha256 = store.put(b"prova".to_vec()).await.unwrap();
    assert_eq!(
        sha256.as_str(),
        "6258a5e0eb772911d4f92be5b5db0e14511edbe01d1d0ddd1d5a2cb9db9a56ba"
    );
    assert_eq!(store.put(b"prova".to_vec()).await.unwrap(), sha256);
    assert_eq!(store.get(&sha256).await.unwrap().as_deref(), Some(&b"prova"[..]));
    assert_eq!(files_of(folder.path()), [sha256.to_string()]);
    let other = Sha256Hex::of(b"altro");
    assert!(store.exists(&sha256).await.unwrap() && !store.exists(&other).await.unwrap());
    assert_eq!(store.get(&other).await.unwrap(), None);
}

#[tokio::test]
async fn inline_and_uploaded_files_are_stored_alike() {
    let (_folder, store) = store();
    let limits = AttachmentLimits::default();
    let scan = store.put(b"%PDF-1.7 scan".to_vec()).await.unwrap();
    let inputs = [inline("a/Documento.txt", "cHJvdmE="), uploaded("scan.pdf", &scan)];
    let known = known(13, MediaType::Pdf, ScanState::Pending);
    let filed = store
        .store(with_last_known(&inputs, &limits, Some(known)), &limits)
        .await
        .unwrap()
        .unwrap();
    let states: Vec<ScanState> = filed.iter().map(|one| one.scan).collect();
    assert_eq!(states, [ScanState::Unchecked, ScanState::Pending]);
    let stored: Vec<StoredAttachment> = filed.into_iter().map(|one| one.file).collect();
    assert!(store.exists(&stored[0].sha256).await.unwrap());
    insta::assert_json_snapshot!(stored);
}

#[tokio::test]
async fn an_uploaded_file_is_judged_and_nothing_is_stored_beside_a_refused_one() {
    let (folder, store) = store();
    let limits = AttachmentLimits {
        message: 20,
        ..AttachmentLimits::default()
    };
    let text = store.put(b"fifteen letters".to_vec()).await.unwrap();
    let missing = Sha256Hex::of(b"mai caricato");
    let clean = known(15, MediaType::Text, ScanState::Clean);
    let infected = KnownFile {
        scan: ScanState::Quarantined,
        ..clean
    };
    let of_others = KnownFile { own: false, ..clean };
    let at_file = "/attachments/1/sha256";
    let cases = [
        ("a.pdf", &missing, None, RefusalCode::AttachmentMissing, at_file),
        (
            "a.txt",
            &missing,
            Some(clean),
            RefusalCode::AttachmentMissing,
            at_file,
        ),
        (
            "a.txt",
            &text,
            Some(of_others),
            RefusalCode::AttachmentMissing,
            at_file,
        ),
        ("a.pdf", &text, Some(clean), RefusalCode::AttachmentType, at_file),
        (
            "a.txt",
            &text,
            Some(infected),
            RefusalCode::AttachmentType,
            at_file,
        ),
        (
            "a.txt",
            &text,
            Some(clean),
            RefusalCode::AttachmentTooLarge,
            "/attachments",
        ),
    ];
    for (name, sha256, last, code, pointer) in cases {
        let inputs = [inline("b.txt", "c2VpLi4u"), uploaded(name, sha256)];
        let files = with_last_known(&inputs, &limits, last);
        let refusal = store.store(files, &limits).await.unwrap().unwrap_err();
        assert_eq!(
            (refusal.code, refusal.fields[0].pointer.as_str()),
            (code, pointer)
        );
        assert_eq!(files_of(folder.path()).len(), 1);
    }
}

#[tokio::test]
async fn a_file_that_was_altered_is_never_given_to_its_end() {
    use futures::TryStreamExt as _;

    let (folder, store) = store();
    let bytes = vec![b'a'; 100_000];
    let sha256 = store.put(bytes.clone()).await.unwrap();
    let read = |stream: FileStream| async move {
        stream
            .try_fold(Vec::new(), |mut all, chunk| async move {
                all.extend_from_slice(&chunk);
                Ok(all)
            })
            .await
    };
    let stream = store.stream(&sha256).await.unwrap().unwrap();
    assert_eq!(read(stream).await.unwrap(), bytes);
    let hex = sha256.as_str();
    let path = folder.path().join("made/when/missing").join(&hex[..2]).join(hex);
    std::fs::write(path, vec![b'b'; 100_000]).unwrap();
    let stream = store.stream(&sha256).await.unwrap().unwrap();
    assert!(matches!(read(stream).await, Err(AttachmentError::Altered(_))));
    assert!(store.stream(&Sha256Hex::of(b"x")).await.unwrap().is_none());
}

#[tokio::test]
async fn altered_bytes_are_noticed() {
    let (folder, store) = store();
    let sha256 = store.put(b"prova".to_vec()).await.unwrap();
    let path = folder
        .path()
        .join("made/when/missing")
        .join(&sha256.as_str()[..2])
        .join(sha256.as_str());
    std::fs::write(&path, b"trova").unwrap();
    assert!(matches!(
        store.get(&sha256).await,
        Err(AttachmentError::Altered(_))
    ));
    std::fs::write(&path, b"pro").unwrap();
    store.put(b"prova".to_vec()).await.unwrap();
    assert!(
        store.get(&sha256).await.unwrap().is_some(),
        "a file cut short is written anew"
    );
}

#[tokio::test]
async fn a_store_that_is_gone_is_unavailable() {
    let (folder, store) = store();
    let gone = folder.path().join("made/when/missing");
    std::fs::remove_dir_all(&gone).unwrap();
    std::fs::write(&gone, b"a file where the folder was").unwrap();
    let fault = store.put(b"prova".to_vec()).await.unwrap_err();
    assert!(matches!(fault, AttachmentError::Unavailable(_)), "{fault}");
    assert!(matches!(
        AttachmentStore::open(&settings(&gone)),
        Err(AttachmentError::Unavailable(_))
    ));
}

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::domain::attachment::prepare;
use crate::domain::command::AttachmentInput;

fn store() -> (TempDir, AttachmentStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = AttachmentStore::open(&url(&folder.path().join("made/when/missing"))).unwrap();
    (folder, store)
}

fn url(folder: &Path) -> AttachmentsUrl {
    AttachmentsUrl::Folder(folder.to_owned())
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
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
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
    assert_eq!(files(folder.path()), [sha256.to_string()]);
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
    let stored = store
        .store(prepare(&inputs, &limits).unwrap(), &limits)
        .await
        .unwrap()
        .unwrap();
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
    let cases = [
        (
            uploaded("a.pdf", &missing),
            RefusalCode::AttachmentMissing,
            "/attachments/1/sha256",
        ),
        (
            uploaded("a.pdf", &text),
            RefusalCode::AttachmentType,
            "/attachments/1/sha256",
        ),
        (
            uploaded("a.txt", &text),
            RefusalCode::AttachmentTooLarge,
            "/attachments",
        ),
    ];
    for (second, code, pointer) in cases {
        let prepared = prepare(&[inline("b.txt", "c2VpLi4u"), second], &limits).unwrap();
        let refusal = store.store(prepared, &limits).await.unwrap().unwrap_err();
        assert_eq!(
            (refusal.code, refusal.fields[0].pointer.as_str()),
            (code, pointer)
        );
        assert_eq!(files(folder.path()).len(), 1);
    }
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
        AttachmentStore::open(&url(&gone)),
        Err(AttachmentError::Unavailable(_))
    ));
}

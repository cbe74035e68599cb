//! Mails kept as files.

use usciere::mail::{SendOutcome, caught};

use super::settings;
use super::transport::{composed, mail, transport};

#[tokio::test]
async fn mails_are_caught_as_files_in_the_order_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let files = transport(&settings(&format!(
        "file:{}",
        folder.path().join("mail").display()
    )));
    assert_eq!(files.check().await, Ok(()));
    for number in 1..=20 {
        assert_eq!(
            files
                .send(&composed(&format!("op{number}@inca.example"), number))
                .await,
            SendOutcome::Sent("kept as a file".to_owned())
        );
    }
    let mails = caught(&folder.path().join("mail")).unwrap();
    let recipients: Vec<String> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    assert_eq!(
        recipients,
        (1..=20)
            .map(|number| format!("op{number}@inca.example"))
            .collect::<Vec<_>>()
    );
    assert!(
        mails
            .iter()
            .all(|mail| mail.file.starts_with("20261123T090000000Z-"))
    );
    assert_eq!(
        mails[0].subject,
        "[Scrivi alla sede] Nuova risposta – prot. INPS.7013.24/02/2021.0000123"
    );
    assert!(
        mails[0]
            .text
            .starts_with("Leggi la risposta: https://usciere.example/richieste/")
    );
    assert!(mails[0].html.contains("<html lang=\"it\">"));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_makes_mails_wait() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not-a-folder");
    std::fs::write(&file, "").unwrap();
    let files = transport(&settings(&format!("file:{}", file.display())));
    assert!(matches!(files.send(&mail()).await, SendOutcome::Unavailable(_)));
    assert!(files.check().await.is_err());
}

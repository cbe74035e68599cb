//! Imports: what is bad is listed, what is good is loaded, and what happened is told.

use std::io::{self, Read};

use super::*;

const TOPICS: &str = "code,label,reasons,first_level,keywords\n";

fn report(inserted: u64, changed: u64, unchanged: u64, rejected: u64) -> ImportReport {
    ImportReport {
        inserted,
        changed,
        unchanged,
        rejected,
    }
}

fn listed(bad: &[BadLine]) -> String {
    bad.iter()
        .map(|bad| format!("{}: {}", bad.line, bad.reason))
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn bad_lines_are_listed_with_number_and_reason() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    let files = [
        (
            ImportKind::Topics,
            "code,label,reasons,first_level,keywords\n\
             naspi,NASPI,access_requirements,no,\n\
             NASPI,NASPI,access_requirements,no,\n\
             pin,,access_requirements,no,\n\
             pin,PIN,access_requirements|boh,no,\n\
             pin,PIN,,no,\n\
             pin,PIN,access_requirements,forse,\n\
             pin,PIN,access_requirements\n\
             \n\
             naspi,NASPI DUE,access_requirements,no,\n",
        ),
        (
            ImportKind::Sedi,
            "code,name,kind,region,province,address,cap,comune,protocol_code,email,active\n\
             230001,LANCIANO,agenzia,Abruzzo,CH,Via,66034,LANCIANO,2300,,true\n\
             230002,X,agenzia,,CH,Via,66034,LANCIANO,,,true\n\
             230002,X,ufficio,Abruzzo,CH,Via,66034,LANCIANO,,,true\n\
             230002,X,agenzia,Abruzzo,CHI,Via,66034,LANCIANO,,,true\n\
             230002,X,agenzia,Padania,CH,Via,66034,LANCIANO,,,true\n\
             230002,X,agenzia,Abruzzo,CH,Via,660,LANCIANO,,,true\n\
             230002,X,agenzia,Abruzzo,CH,Via,66034,LANCIANO,23,,true\n\
             230002,X,agenzia,Abruzzo,CH,Via,66034,LANCIANO,,nowhere,true\n\
             lineainps,X,sede,Abruzzo,,,,,,,true\n\
             da-smistare,X,desk,,,,,,,,false\n\
             sportello,X,desk,,,,,,,,true\n",
        ),
        (
            ImportKind::Competence,
            "cap,comune_istat,topic,sede,priority\n\
             66034,,,230001,10\n\
             66034,69046,,230001,10\n\
             66034,,,999999,11\n\
             66034,,pensioni,230001,10\n\
             66034,,naspi,230001,-1\n\
             66034,,naspi,lineainps,10\n\
             66034,,,230001,10\n",
        ),
        (
            ImportKind::Patronati,
            "code,name,office,office_name,region,queue\n\
             inca,INCA,INCA-RM-001,Roma,Lazio,true\n\
             inca,INCA,INCA-RM-002,Pomezia,Lazio,false\n\
             inca,INCA,,Pomezia,Lazio,true\n",
        ),
        (
            ImportKind::Citizens,
            "person_id,codice_fiscale,family_name,given_name,born_on,birth_place,address,cap,comune_istat\n\
             P1,BNCMRA50A01H501U,Bianchi,Mario,1950-01-01,ROMA,Via Roma,00071,058079\n\
             P2,BNCMRA50A01H501X,Bianchi,Mario,1950-01-01,ROMA,Via Roma,00071,058079\n\
             P3,,-,Mario,1950-01-01,ROMA,Via Roma,00071,058079\n\
             P4,,Bianchi,Mario,1950-02-30,ROMA,Via Roma,00071,058079\n\
             P5,,Bianchi,Mario,01/01/1950,ROMA,Via Roma,00071,058079\n\
             P6,,Bianchi,Mario,1950-01-01,ROMA,\"Via\nRoma\",00071,058079\n\
             P1,,Bianchi,Mario,1950-01-01,ROMA,Via Roma,00071,058079\n",
        ),
        (
            ImportKind::Practices,
            "kind,number,codice_fiscale,holder_role\n\
             pension,030010110000000,BNCMRA50A01H501U,titolare\n\
             pensione,030010110000000,BNCMRA50A01H501U,titolare\n\
             pension,03001 0110000000,BNCMRA50A01H501U,titolare\n\
             pension,030010110000000,,titolare\n\
             pension,030010110000000,BNCMRA50A01H501U,erede\n",
        ),
    ];
    let mut all = Vec::new();
    for (kind, csv) in files {
        let (report, bad) = load(&store, kind, csv).await.unwrap();
        assert_eq!(
            (report.inserted, report.rejected),
            (1, u64::try_from(bad.len()).unwrap()),
            "{kind}"
        );
        assert_eq!(
            load(&store, kind, csv).await.unwrap().0.unchanged,
            1,
            "{kind} again"
        );
        all.push(format!("{kind}\n{}", listed(&bad)));
    }
    let all = all.join("\n\n");
    for personal in ["BNCMRA", "Bianchi", "1950", "0300101"] {
        assert!(!all.contains(personal), "{personal} in a complaint");
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn a_rehearsal_tells_the_same_and_leaves_everything_as_it_is() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    let csv = format!("{TOPICS}naspi,NASPI,access_requirements,no,\nnaspi,NASPI,access_requirements,no,\n");
    for _ in 0..2 {
        let told = rehearse(&store, ImportKind::Topics, csv.as_bytes(), |_| ())
            .await
            .unwrap();
        assert_eq!(told, report(1, 0, 0, 1));
    }
    assert_eq!(store.load_registers().await.unwrap().topics().count(), 0);
    let (loaded, _) = load(&store, ImportKind::Topics, &csv).await.unwrap();
    assert_eq!(loaded, report(1, 0, 0, 1));
}

#[tokio::test]
async fn text_that_is_not_utf_8_spoils_its_line_only() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    let mut csv = b"\xef\xbb\xbfkeywords,First_Level,reasons,label,code,unknown\r\n".to_vec();
    csv.extend(b",no,access_requirements,INVALIDIT\xc0,invalidita,x\r\n");
    csv.extend(" a | b ,sì,access_requirements,\"DISOCCUPAZIONE, \"\"NASpI\"\"\",naspi,x\r\n".bytes());
    let mut bad = Vec::new();
    let observe = |event| {
        if let ImportEvent::Rejected(line) = event {
            bad.push(line);
        }
    };
    let done = import(&store, ImportKind::Topics, csv.as_slice(), observe)
        .await
        .unwrap();
    assert_eq!(done, report(1, 0, 0, 1));
    assert_eq!(listed(&bad), "2: non è testo UTF-8");
    let registers = store.load_registers().await.unwrap();
    let topic = registers.topic(&"naspi".parse().unwrap()).unwrap();
    assert_eq!(
        (topic.label.as_str(), topic.first_level),
        ("DISOCCUPAZIONE, \"NASpI\"", true)
    );
    assert_eq!(topic.keywords, ["a", "b"]);
}

#[tokio::test]
async fn a_header_without_its_columns_is_refused() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    for csv in ["code;label;reasons;first_level;keywords\n", ""] {
        let error = load(&store, ImportKind::Topics, csv).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the header lacks: code, label, reasons, first_level, keywords"
        );
    }
}

#[tokio::test]
async fn what_changed_is_told_to_whoever_keeps_a_snapshot() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    let mut listener = sqlx::postgres::PgListener::connect_with(&database.pool)
        .await
        .unwrap();
    listener.listen("usciere_registers").await.unwrap();
    let one = format!("{TOPICS}naspi,NASPI,access_requirements,no,\npin,PIN,access_requirements,no,\n");
    let other = one.replace("PIN,access_requirements,no", "PIN,access_requirements,true");
    let mut reports = Vec::new();
    for csv in [&one, &one, &other] {
        reports.push(load(&store, ImportKind::Topics, csv).await.unwrap().0);
    }
    assert_eq!(
        reports,
        [report(2, 0, 0, 0), report(0, 0, 2, 0), report(0, 1, 1, 0)]
    );
    assert_eq!(store.load_registers().await.unwrap().version().0, 2);
    for _ in 0..2 {
        assert_eq!(listener.recv().await.unwrap().channel(), "usciere_registers");
    }
    assert!(listener.next_buffered().is_none());
}

#[tokio::test]
async fn a_rule_follows_the_file_to_another_sede() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    load_examples(&store).await;
    let rule = |sede: &str| format!("cap,comune_istat,topic,sede,priority\n00071,,,{sede},10\n");
    let (done, _) = load(&store, ImportKind::Competence, &rule("700001"))
        .await
        .unwrap();
    assert_eq!(done, report(0, 1, 0, 0));
    let registers = store.load_registers().await.unwrap();
    let sedi: Vec<_> = registers
        .rules(&"00071".parse().unwrap())
        .iter()
        .map(|rule| &rule.sede)
        .collect();
    assert_eq!(sedi, [&"700001".parse().unwrap()]);
}

#[tokio::test]
async fn a_patronato_that_changes_alone_is_a_change() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    let csv = "code,name,office,office_name,region,queue\nital,ITAL,ITAL-RM-001,Roma,Lazio,true\n";
    load(&store, ImportKind::Patronati, csv).await.unwrap();
    let (done, _) = load(&store, ImportKind::Patronati, &csv.replace("true", "false"))
        .await
        .unwrap();
    assert_eq!(done, report(0, 1, 0, 0));
    let registers = store.load_registers().await.unwrap();
    assert!(!registers.patronato(&"ital".parse().unwrap()).unwrap().queue);
}

fn many_citizens(count: u32) -> String {
    let header =
        "person_id,codice_fiscale,family_name,given_name,born_on,birth_place,address,cap,comune_istat\n";
    let line = |number| format!("P{number},,Rossi,Mario,1950-01-01,ROMA,Via Roma {number},00071,058079\n");
    std::iter::once(header.to_owned())
        .chain((0..count).map(line))
        .collect()
}

#[tokio::test]
async fn a_line_repeated_thousands_of_lines_later_is_noticed() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    let csv = many_citizens(2_500) + "P7,,Verdi,Mario,1950-01-01,ROMA,Via Roma,00071,058079\n";
    let (mut done, mut bad, mut progress) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..2 {
        let observe = |event| match event {
            ImportEvent::Rejected(line) => bad.push(line),
            ImportEvent::Progress(bytes) => progress.push(bytes),
        };
        done.push(
            import(&store, ImportKind::Citizens, csv.as_bytes(), observe)
                .await
                .unwrap(),
        );
    }
    assert_eq!(done, [report(2_500, 0, 0, 1), report(0, 0, 2_500, 1)]);
    assert_eq!(listed(&bad), "2502: ripete la riga 9\n2502: ripete la riga 9");
    let (first, second) = progress.split_at(3);
    assert!(first == second && first.is_sorted(), "{progress:?}");
    assert_eq!(first[2], u64::try_from(csv.len()).unwrap());
}

/// Breaks off where the text ends.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            read => Ok(read),
        }
    }
}

#[tokio::test]
async fn a_file_that_breaks_off_imports_nothing() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    let csv = many_citizens(2_500);
    let error = import(&store, ImportKind::Citizens, Broken(csv.as_bytes()), |_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, ImportError::Read(_)));
    let (done, _) = load(&store, ImportKind::Citizens, &csv).await.unwrap();
    assert_eq!(done, report(2_500, 0, 0, 0));
}

#[tokio::test]
async fn an_open_quote_does_not_swallow_the_file() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    let endless = io::repeat(b'x').take(64 << 20);
    let csv = TOPICS.as_bytes().chain(&b"pin,\""[..]).chain(endless);
    let error = import(&store, ImportKind::Topics, csv, |_| {}).await.unwrap_err();
    let ImportError::Read(source) = error else {
        panic!("{error}")
    };
    assert!(source.to_string().contains("longer than 1 MiB"), "{source}");
}

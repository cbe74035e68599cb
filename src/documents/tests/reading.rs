//! Papers read by programs that are not ours (`scripts/readers`).

use serde_json::Value;

use super::*;
use crate::readers::found;

fn long() -> String {
    "Buongiorno, chiedo a che punto è la domanda di pensione: l'ultimo riscontro è di marzo. ".repeat(45)
}

/// Everything but the foot in one line, as white space falls differently on paper.
fn flowing(paper: &Value) -> String {
    let pages = paper["pages"].as_array().unwrap();
    let text: Vec<&str> = pages
        .iter()
        .flat_map(|page| page.as_str().unwrap().split_whitespace())
        .collect();
    text.join(" ")
}

#[test]
fn r_105_every_page_of_the_pdf_carries_protocol_number_and_opening_date() {
    let bytes = pdf(&summary(&long(), Side::Patronato)).unwrap();
    let paper = found("pdf", &bytes);
    let pages = paper["pages"].as_array().unwrap();
    assert!(pages.len() > 1, "{} pages", pages.len());
    for (page, number) in pages.iter().zip(1..) {
        let text = page.as_str().unwrap();
        assert!(
            text.contains("Protocollo INPS.7013.21/10/2020.0000123 · aperta il 21/10/2020"),
            "{text}"
        );
        assert!(
            text.contains(&format!("Pagina {number} di {}", pages.len())),
            "{text}"
        );
    }
    let text = flowing(&paper);
    for shown in [
        "21/10/2020 17:04:13",
        "BNCMRA50A01H501U",
        "Numero pensione 030010110000000",
        "Data 1° sollecito 06/11/2020",
        "La liquidazione è prevista a gennaio.",
        "20/11/2020, ore 10:00",
        "pensione.pdf (1,2 MB)",
        long().trim_end(),
    ] {
        assert!(text.contains(shown), "{shown} in {text}");
    }
}

#[test]
fn r_105_no_pdf_of_a_patronato_has_a_note_and_every_one_of_a_sede_marks_it() {
    let paper = |reader| flowing(&found("pdf", &pdf(&summary("Buongiorno", reader)).unwrap()));
    let patronato = paper(Side::Patronato);
    for hidden in [
        NOTE,
        "Carichi di lavoro",
        "Presa in carico",
        "Nota interna",
        "uso interno",
    ] {
        assert!(!patronato.contains(hidden), "{hidden} in {patronato}");
    }
    let sede = paper(Side::Sede);
    for shown in [
        NOTE,
        "Carichi di lavoro",
        "Nota interna, non visibile al patronato",
        "Copia a uso interno",
    ] {
        assert!(sede.contains(shown), "{shown} in {sede}");
    }
}

#[test]
fn the_pdf_can_be_read_aloud_and_kept() {
    let paper = found("pdf", &pdf(&summary("Buongiorno", Side::Patronato)).unwrap());
    assert_eq!(
        paper["title"],
        "Riepilogo della richiesta INPS.7013.21/10/2020.0000123"
    );
    assert_eq!(
        (&paper["language"], &paper["marked"], &paper["embedded"]),
        (&"it-IT".into(), &true.into(), &true.into())
    );
    let kinds: Vec<_> = paper["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind.as_str().unwrap())
        .collect();
    for kind in ["/H1", "/H2", "/L", "/LI", "/P", "/TD", "/TH", "/TR", "/Table"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    assert_eq!(paper["bookmarks"].as_array().unwrap().len(), 7);
    let conformance = paper["conformance"].as_str().unwrap();
    assert!(
        conformance.contains("<pdfuaid:part>1<") && conformance.contains("<pdfaid:part>2<"),
        "{conformance}"
    );
    assert!(conformance.contains("<pdfaid:conformance>A<"), "{conformance}");
}

fn lines(count: usize) -> Vec<ListLine> {
    let mut request = request();
    request.sender.name = Personal("=cmd|' /C calc'!A0".to_owned());
    let line = ListLine::new(&request, &Registers::default(), &Registry::default());
    vec![line; count]
}

#[test]
fn a_list_as_csv_is_whole_and_runs_nothing() {
    let mut bytes = csv_head::<ListLine>();
    for page in lines(1_200).chunks(500) {
        bytes.extend(csv_lines(page));
    }
    let list = found("csv", &bytes);
    let rows = list["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1 + 1_200);
    assert!(rows.iter().all(|row| row.as_array().unwrap().len() == 19));
    assert_eq!(rows[1][0], "21/10/2020 17:04:13");
    assert_eq!(rows[1][1], "INPS.7013.21/10/2020.0000123");
    assert_eq!(rows[1200][12], "'=cmd|' /C calc'!A0");
}

#[test]
fn a_list_as_workbook_has_dates_as_dates_and_no_formula() {
    let mut spreadsheet = Spreadsheet::of::<ListLine>("Richieste").unwrap();
    for page in lines(1_200).chunks(500) {
        spreadsheet.add(page).unwrap();
    }
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut spreadsheet.finish().unwrap(), &mut bytes).unwrap();
    let list = found("xlsx", &bytes);
    let rows = list["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1 + 1_200);
    assert_eq!(rows[1][0], serde_json::json!(["d", "2020-10-21 17:04:13"]));
    assert_eq!(rows[1][13], serde_json::json!(["d", "2020-10-21 00:00:00"]));
    assert_eq!(rows[1200][12], serde_json::json!(["s", "=cmd|' /C calc'!A0"]));
}

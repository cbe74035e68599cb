use super::form::read_order;
use super::*;
use crate::http::pages::forms::FormErrors;

fn read(query: &str) -> Result<Search, FormErrors> {
    let form: SearchForm = serde_urlencoded::from_str(query).unwrap();
    let mut memory = Memory::default();
    memory.keep_search(
        "abc".to_owned(),
        Kept::memo(&CodiceFiscale::parse("BNCMRA50A01H501U").unwrap()),
    );
    form.read(&memory)
}

#[test]
fn an_address_reads_back_what_it_was_written_from() {
    for query in [
        "",
        "ambito=mie&q=pensione+estera&dal=2026-10-01&al=2026-11-23&stato=assegnato_sede&da_leggere=si&ordine=oggetto",
        "protocollo=INPS.7013.24%2F02%2F2021.0000123&righe=100",
        "sede=230001&operatore=op1&indicatore=overdue&scadute=si&sollecitate=si&allegati=si&ordine=-stato",
    ] {
        let search = read(query).unwrap_or_else(|errors| panic!("{query}: {errors:?}"));
        assert_eq!(search.query(), query);
    }
}

#[test]
fn what_people_write_is_forgiven_and_what_is_no_filter_is_named() {
    let search = read("dal=01%2F10%2F2026&protocollo=+inps.7013.24%2F02%2F2021.0000123&oggetto=").unwrap();
    assert_eq!(
        search.query(),
        "dal=2026-10-01&protocollo=INPS.7013.24%2F02%2F2021.0000123"
    );
    let errors = read("dal=ieri&al=x&protocollo=123&cf=nessuna").err().unwrap();
    for field in ["dal", "al", "protocollo", "valore"] {
        assert!(!errors.of(field).is_empty(), "{field}");
    }
    assert_eq!(
        read("dal=2026-10-02&al=2026-10-01").err().unwrap().of("al"),
        BACKWARDS
    );
}

#[test]
fn a_codice_fiscale_stands_in_no_address() {
    let search = read("cf=abc").unwrap();
    assert_eq!(
        search.criteria().codice_fiscale.unwrap().as_str(),
        "BNCMRA50A01H501U"
    );
    assert_eq!(search.address(), "/richieste?cf=abc");
}

#[test]
fn every_order_has_a_word() {
    for by in Sorting::ALL {
        for descending in [true, false] {
            let order = Order { by: *by, descending };
            assert_eq!(read_order(&order_word(order)), Some(order));
        }
    }
    assert_eq!(read_order("caso"), None);
}

#[test]
fn sorting_and_tabs_narrow_nothing() {
    assert!(!read("ambito=mie&ordine=stato&righe=50").unwrap().is_narrowed());
    assert!(read("da_leggere=si").unwrap().is_narrowed());
}

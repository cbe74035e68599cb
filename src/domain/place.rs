//! Where people live and sedi stand: CAP, ISTAT comune, province, region.

use super::event::words;
use super::ids::{InvalidId, text_id};
use super::registers::NameKey;

fn digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

text_id!(
    /// A postal code: `00071`.
    Cap, "CAP", "^[0-9]{5}$", "5 digits", |text| digits(text, 5)
);
text_id!(
    /// A comune by its ISTAT code: `058079`.
    ComuneIstat, "ISTAT code of a comune", "^[0-9]{6}$", "6 digits", |text| digits(text, 6)
);
text_id!(
    /// A province by its two letters: `RM`.
    Province, "province", "^[A-Z]{2}$", "2 capital letters",
    |text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
);

words!(
    /// The twenty regions.
    Region {
        Abruzzo = "Abruzzo",
        Basilicata = "Basilicata",
        Calabria = "Calabria",
        Campania = "Campania",
        EmiliaRomagna = "Emilia-Romagna",
        FriuliVeneziaGiulia = "Friuli-Venezia Giulia",
        Lazio = "Lazio",
        Liguria = "Liguria",
        Lombardia = "Lombardia",
        Marche = "Marche",
        Molise = "Molise",
        Piemonte = "Piemonte",
        Puglia = "Puglia",
        Sardegna = "Sardegna",
        Sicilia = "Sicilia",
        Toscana = "Toscana",
        TrentinoAltoAdige = "Trentino-Alto Adige",
        Umbria = "Umbria",
        ValleDAosta = "Valle d'Aosta",
        Veneto = "Veneto",
    }
);

impl Region {
    /// By its name, whatever the case, apostrophes and hyphens; a second language after `/` is left out.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let italian = text.split('/').next().unwrap_or(text);
        let wanted = NameKey::of(italian);
        let found = Self::ALL
            .iter()
            .copied()
            .find(|region| NameKey::of(region.as_str()) == wanted);
        found.ok_or(InvalidId {
            kind: "region",
            expected: "the name of one of the twenty Italian regions",
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Lazio", Some(Region::Lazio))]
    #[case("SARDEGNA", Some(Region::Sardegna))]
    #[case("Valle d’Aosta/Vallée d'Aoste", Some(Region::ValleDAosta))]
    #[case("trentino alto adige / Südtirol", Some(Region::TrentinoAltoAdige))]
    #[case("Friuli Venezia Giulia", Some(Region::FriuliVeneziaGiulia))]
    #[case("Padania", None)]
    #[case("", None)]
    fn regions_are_known_by_name(#[case] text: &str, #[case] region: Option<Region>) {
        assert_eq!(Region::parse(text).ok(), region);
    }

    #[test]
    fn there_are_twenty_regions_each_found_by_its_own_name() {
        assert_eq!(Region::ALL.len(), 20);
        assert!(
            Region::ALL
                .iter()
                .all(|region| Region::parse(region.as_str()) == Ok(*region))
        );
    }

    #[test]
    fn codes_are_checked() {
        assert!(
            Cap::parse("00071").is_ok()
                && ComuneIstat::parse("058079").is_ok()
                && Province::parse("RM").is_ok()
        );
        assert!(Cap::parse("71").is_err() && Cap::parse("٠٠٠٧١").is_err());
        assert!(ComuneIstat::parse("58079").is_err() && Province::parse("rm").is_err());
    }
}

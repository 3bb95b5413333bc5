//! Names of languages, as containers want them.
//!
//! Briefings name languages by BCP 47 (`en`, `pt-BR`); WebM wants ISO 639-2, and its checkers refuse the newer element.

/// The ISO 639-2 (bibliographic) code of a BCP 47 tag; `und` for what is not in the table.
#[must_use]
pub fn iso_639_2(tag: &str) -> &'static str {
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    CODES
        .iter()
        .find(|(two, three)| primary == *two || primary == *three)
        .map_or("und", |(_, three)| three)
}

/// The languages that have speech recognition or voices in common products.
const CODES: [(&str, &str); 40] = [
    ("ar", "ara"),
    ("bg", "bul"),
    ("bn", "ben"),
    ("ca", "cat"),
    ("cs", "cze"),
    ("da", "dan"),
    ("de", "ger"),
    ("el", "gre"),
    ("en", "eng"),
    ("es", "spa"),
    ("et", "est"),
    ("fa", "per"),
    ("fi", "fin"),
    ("fr", "fre"),
    ("he", "heb"),
    ("hi", "hin"),
    ("hr", "hrv"),
    ("hu", "hun"),
    ("id", "ind"),
    ("is", "ice"),
    ("it", "ita"),
    ("ja", "jpn"),
    ("ko", "kor"),
    ("lt", "lit"),
    ("lv", "lav"),
    ("ms", "may"),
    ("nl", "dut"),
    ("no", "nor"),
    ("pl", "pol"),
    ("pt", "por"),
    ("ro", "rum"),
    ("ru", "rus"),
    ("sk", "slo"),
    ("sl", "slv"),
    ("sr", "srp"),
    ("sv", "swe"),
    ("th", "tha"),
    ("tr", "tur"),
    ("uk", "ukr"),
    ("zh", "chi"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_case_do_not_matter_and_the_unknown_is_undetermined() {
        let cases = [
            ("en", "eng"),
            ("pt-BR", "por"),
            ("DE", "ger"),
            ("eng", "eng"),
            ("", "und"),
            ("tlh", "und"),
        ];
        for (tag, code) in cases {
            assert_eq!(iso_639_2(tag), code, "{tag}");
        }
    }
}

//! How alike two English words sound.
//!
//! Recognisers that do not know a name write down what it sounds like: "Brace" for Grace, "eight a" for Ada.
//! So names are compared as rough sounds: letters become phones by a short table of English spelling, and a
//! weighted edit distance knows that voiced and unvoiced partners, sounds made in the same place, and neighbouring
//! vowels are mixed up more easily than others. The weights are ordered by how often recognisers mix them up; they
//! are no probabilities.
//!
//! Units: cost in hundredths of one wrong sound.

/// A rough speech sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phone {
    /// A vowel: where it is made.
    Vowel(Vowel),
    /// A consonant: how and where it is made.
    Consonant { manner: Manner, place: Place, is_voiced: bool },
}

/// Where a vowel is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vowel {
    /// "see", "sit", "say", "set".
    Front,
    /// "cat": open, in front.
    Open,
    /// "about", "father", "cup".
    Middle,
    /// "law", "go", "too".
    Back,
    /// "my", "now", "boy".
    Gliding,
}

/// How a consonant is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Stop,
    Hiss,
    Nasal,
    Liquid,
    Breath,
}

/// Where a consonant is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Lips,
    Teeth,
    Palate,
    Throat,
}

/// Cost of a sound that is missing or added; vowels come and go more easily.
const GAP_CONSONANT: u32 = 90;
const GAP_VOWEL: u32 = 45;

/// The sounds of `words`, said without a pause.
pub(super) fn sounds(words: &[String]) -> Vec<Phone> {
    words.iter().flat_map(|word| word_sounds(word)).collect()
}

/// What so many sounds cost at least to turn into so many others, whatever they are.
pub(super) fn least_distance(heard: usize, meant: usize) -> u32 {
    u32::try_from(heard.abs_diff(meant)).unwrap_or(u32::MAX).saturating_mul(GAP_VOWEL)
}

/// The least cost that turns `heard` into `meant`.
pub(super) fn distance(heard: &[Phone], meant: &[Phone]) -> u32 {
    let mut above: Vec<u32> = vec![0];
    for phone in meant {
        above.push(above[above.len() - 1] + gap(*phone));
    }
    for &left in heard {
        let mut row = vec![above[0] + gap(left)];
        for (place, &right) in meant.iter().enumerate() {
            let changed = above[place] + change(left, right);
            let added = row[place] + gap(right);
            let missing = above[place + 1] + gap(left);
            row.push(changed.min(added).min(missing));
        }
        above = row;
    }
    above[meant.len()]
}

const fn gap(phone: Phone) -> u32 {
    match phone {
        Phone::Vowel(_) => GAP_VOWEL,
        Phone::Consonant { manner: Manner::Breath, .. } => GAP_VOWEL,
        Phone::Consonant { .. } => GAP_CONSONANT,
    }
}

fn change(left: Phone, right: Phone) -> u32 {
    if left == right {
        return 0;
    }
    match (left, right) {
        (Phone::Vowel(left), Phone::Vowel(right)) => vowel_change(left, right),
        (
            Phone::Consonant { manner: left_manner, place: left_place, is_voiced: left_voiced },
            Phone::Consonant { manner: right_manner, place: right_place, is_voiced: right_voiced },
        ) => {
            let voicing = if left_voiced == right_voiced { 0 } else { 25 };
            match (left_manner == right_manner, left_place == right_place) {
                (true, true) => voicing,
                (true, false) => 45 + voicing,
                (false, true) => 60 + voicing,
                (false, false) => 110,
            }
        }
        // A liquid at a word's end is often a vowel ("Ader" for Ada).
        (Phone::Vowel(_), Phone::Consonant { .. }) | (Phone::Consonant { .. }, Phone::Vowel(_)) => {
            110
        }
    }
}

fn vowel_change(left: Vowel, right: Vowel) -> u32 {
    match (left, right) {
        (Vowel::Front | Vowel::Middle, Vowel::Open)
        | (Vowel::Open, Vowel::Front | Vowel::Middle) => 20,
        (Vowel::Gliding, Vowel::Front | Vowel::Back)
        | (Vowel::Front | Vowel::Back, Vowel::Gliding) => 20,
        (Vowel::Middle, Vowel::Back) | (Vowel::Back, Vowel::Middle) => 20,
        (
            Vowel::Front | Vowel::Open | Vowel::Middle | Vowel::Back | Vowel::Gliding,
            Vowel::Front | Vowel::Open | Vowel::Middle | Vowel::Back | Vowel::Gliding,
        ) => 45,
    }
}

/// Spellings and their sounds, longest first within a letter. `-` keeps a spelling silent.
const SPELLINGS: &[(&str, &[Phone])] = &[
    ("eigh", &[FRONT]),
    ("augh", &[BACK]),
    ("ough", &[BACK]),
    ("igh", &[GLIDING]),
    ("tch", &[CH]),
    ("dge", &[J]),
    ("sch", &[S, K]),
    ("tion", &[SH, MIDDLE, N]),
    ("ai", &[FRONT]),
    ("ay", &[FRONT]),
    ("ei", &[FRONT]),
    ("ey", &[FRONT]),
    ("ea", &[FRONT]),
    ("ee", &[FRONT]),
    ("ie", &[FRONT]),
    ("au", &[BACK]),
    ("aw", &[BACK]),
    ("oa", &[BACK]),
    ("oo", &[BACK]),
    ("ou", &[GLIDING]),
    ("ow", &[GLIDING]),
    ("oi", &[GLIDING]),
    ("oy", &[GLIDING]),
    ("ue", &[BACK]),
    ("ui", &[BACK]),
    ("ch", &[CH]),
    ("sh", &[SH]),
    ("th", &[TH]),
    ("ph", &[F]),
    ("wh", &[W]),
    ("gh", &[]),
    ("kn", &[N]),
    ("wr", &[R]),
    ("ck", &[K]),
    ("ng", &[NG]),
    ("qu", &[K, W]),
    ("x", &[K, S]),
    ("b", &[B]),
    ("d", &[D]),
    ("f", &[F]),
    ("g", &[G]),
    ("h", &[H]),
    ("j", &[J]),
    ("k", &[K]),
    ("l", &[L]),
    ("m", &[M]),
    ("n", &[N]),
    ("p", &[P]),
    ("q", &[K]),
    ("r", &[R]),
    ("s", &[S]),
    ("t", &[T]),
    ("v", &[V]),
    ("w", &[W]),
    ("z", &[Z]),
    ("o", &[BACK]),
    ("u", &[MIDDLE]),
];

const fn consonant(manner: Manner, place: Place, is_voiced: bool) -> Phone {
    Phone::Consonant { manner, place, is_voiced }
}

const FRONT: Phone = Phone::Vowel(Vowel::Front);
const OPEN: Phone = Phone::Vowel(Vowel::Open);
const MIDDLE: Phone = Phone::Vowel(Vowel::Middle);
const BACK: Phone = Phone::Vowel(Vowel::Back);
const GLIDING: Phone = Phone::Vowel(Vowel::Gliding);
const P: Phone = consonant(Manner::Stop, Place::Lips, false);
const B: Phone = consonant(Manner::Stop, Place::Lips, true);
const T: Phone = consonant(Manner::Stop, Place::Teeth, false);
const D: Phone = consonant(Manner::Stop, Place::Teeth, true);
const K: Phone = consonant(Manner::Stop, Place::Throat, false);
const G: Phone = consonant(Manner::Stop, Place::Throat, true);
const CH: Phone = consonant(Manner::Stop, Place::Palate, false);
const J: Phone = consonant(Manner::Stop, Place::Palate, true);
const F: Phone = consonant(Manner::Hiss, Place::Lips, false);
const V: Phone = consonant(Manner::Hiss, Place::Lips, true);
const TH: Phone = consonant(Manner::Hiss, Place::Teeth, true);
const S: Phone = consonant(Manner::Hiss, Place::Teeth, false);
const Z: Phone = consonant(Manner::Hiss, Place::Teeth, true);
const SH: Phone = consonant(Manner::Hiss, Place::Palate, false);
const M: Phone = consonant(Manner::Nasal, Place::Lips, true);
const N: Phone = consonant(Manner::Nasal, Place::Teeth, true);
const NG: Phone = consonant(Manner::Nasal, Place::Throat, true);
const L: Phone = consonant(Manner::Liquid, Place::Teeth, true);
const R: Phone = consonant(Manner::Liquid, Place::Palate, true);
const W: Phone = consonant(Manner::Liquid, Place::Lips, true);
const H: Phone = consonant(Manner::Breath, Place::Throat, false);

/// The sounds of one word.
pub(super) fn word_sounds(word: &str) -> Vec<Phone> {
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphanumeric()).map(unaccented).collect();
    // Figures are read out; of the short ones only these are mixed up with names.
    if letters == ['8'] {
        return vec![FRONT, T];
    }
    let mut sounds = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let rest = &letters[at..];
        let (used, phones) = next_sound(rest, sounds.last().copied());
        for phone in phones {
            // Doubled letters are one sound.
            if sounds.last() != Some(&phone) || matches!(phone, Phone::Vowel(_)) {
                sounds.push(phone);
            }
        }
        at += used;
    }
    sounds
}

/// The sounds that `rest` of a word begins with, and how many letters they take.
fn next_sound(rest: &[char], last: Option<Phone>) -> (usize, Vec<Phone>) {
    let is_vowel = |at: usize| rest.get(at).is_some_and(|c| "aeiouy".contains(*c));
    let is_last = rest.len() == 1;
    // "ade", "ace", "ada": one consonant and a vowel behind it make it long.
    let is_long = !is_vowel(1) && is_vowel(2) && !matches!(rest[1], 'x' | 'r');
    if let Some((spelling, phones)) =
        SPELLINGS.iter().find(|(spelling, _)| starts_with(rest, spelling))
    {
        return (spelling.len(), phones.to_vec());
    }
    let phones = match rest[0] {
        // Soft before e, i and y.
        'c' if rest.get(1).is_some_and(|c| "eiy".contains(*c)) => vec![S],
        'c' => vec![K],
        'a' if is_long => vec![FRONT],
        'a' if is_last => vec![MIDDLE],
        'a' => vec![OPEN],
        // Silent at the end of a longer word.
        'e' if is_last && matches!(last, Some(Phone::Consonant { .. })) => vec![],
        // "clawed", but "wanted".
        'e' if rest == ['e', 'd'] && !matches!(last, None | Some(T | D)) => vec![],
        'i' if is_long => vec![GLIDING],
        'e' | 'i' | 'y' => vec![FRONT],
        _ => vec![],
    };
    (1, phones)
}

fn starts_with(letters: &[char], spelling: &str) -> bool {
    letters.len() >= spelling.len() && spelling.chars().zip(letters).all(|(a, b)| a == *b)
}

/// The letter below a common accent.
const fn unaccented(c: char) -> char {
    match c {
        'á' | 'à' | 'â' | 'ä' | 'å' | 'ã' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::plain_words;
    use super::*;

    fn cost(heard: &str, meant: &str) -> u32 {
        distance(&sounds(&plain_words(heard)), &sounds(&plain_words(meant)))
    }

    #[test]
    fn what_recognisers_mix_up_is_near() {
        for (heard, meant, at_most) in [
            ("Brace", "Grace", 45),
            ("Grays", "Grace", 25),
            ("Greys", "Grace", 25),
            ("Craze", "Grace", 50),
            ("eight a", "Ada", 25),
            ("Aida", "Ada", 20),
            ("Eda", "Ada", 0),
            ("Clawed", "Claude", 0),
            ("cloud", "Claude", 20),
            ("clod", "Claude", 0),
        ] {
            assert!(cost(heard, meant) <= at_most, "{heard} for {meant}: {}", cost(heard, meant));
        }
    }

    #[test]
    fn other_words_are_far() {
        for (heard, meant) in [
            ("guess", "Guest"),
            ("what", "Ada"),
            ("that", "Ada"),
            ("either", "Ada"),
            ("please", "Grace"),
            ("so", "Ada"),
        ] {
            assert!(cost(heard, meant) >= 65, "{heard} for {meant}: {}", cost(heard, meant));
        }
    }

    #[test]
    fn sounds_that_are_made_alike_are_mixed_up_for_little() {
        for (left, right, cost) in [
            // With and without voice.
            (P, B, 25),
            (T, D, 25),
            (K, G, 25),
            (CH, J, 25),
            (F, V, 25),
            (S, Z, 25),
            (TH, Z, 0),
            // In another place of the mouth, and that with voice.
            (P, K, 45),
            (S, SH, 45),
            (M, N, 45),
            (N, NG, 45),
            (L, R, 45),
            (R, W, 45),
            (P, D, 70),
            (F, Z, 70),
            // In another manner.
            (CH, SH, 60),
            (K, H, 60),
            (B, M, 60),
            (D, N, 60),
            (G, NG, 60),
            (N, L, 60),
            (M, W, 60),
            (J, R, 60),
            (P, M, 85),
            // With nothing in common.
            (P, S, 110),
            (R, MIDDLE, 110),
            // Vowels.
            (FRONT, OPEN, 20),
            (MIDDLE, OPEN, 20),
            (GLIDING, FRONT, 20),
            (GLIDING, BACK, 20),
            (MIDDLE, BACK, 20),
            (FRONT, MIDDLE, 45),
            (OPEN, GLIDING, 45),
        ] {
            assert_eq!([change(left, right), change(right, left)], [cost; 2], "{left:?} {right:?}");
        }
        assert_eq!([P, MIDDLE, H].map(gap), [90, 45, 45], "what is missing");
    }

    #[test]
    fn letters_sound_as_they_do_in_english() {
        let sounds: [(&str, &[Phone]); 16] = [
            ("cat", &[K, OPEN, T]),
            ("face", &[F, FRONT, S]),
            ("cinder", &[S, FRONT, N, D, FRONT, R]),
            ("ada", &[FRONT, D, MIDDLE]),
            ("anna", &[OPEN, N, MIDDLE]),
            ("max", &[M, OPEN, K, S]),
            ("mara", &[M, OPEN, R, MIDDLE]),
            ("axel", &[OPEN, K, S, FRONT, L]),
            ("eve", &[FRONT, V]),
            ("clawed", &[K, L, BACK, D]),
            ("wanted", &[W, OPEN, N, T, FRONT, D]),
            ("time", &[T, GLIDING, M]),
            ("tim", &[T, FRONT, M]),
            ("lydia", &[L, FRONT, D, FRONT, MIDDLE]),
            ("night", &[N, GLIDING, T]),
            ("8", &[FRONT, T]),
        ];
        for (word, phones) in sounds {
            assert_eq!(word_sounds(word), phones, "{word}");
        }
        let (accented, plain) = ("áàâäåãéèêëíìîïóòôöõøúùûüçñ", "aaaaaaeeeeiiiioooooouuuucn");
        assert_eq!(accented.chars().map(unaccented).collect::<String>(), plain);
    }
}

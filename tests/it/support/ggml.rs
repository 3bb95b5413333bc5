//! A Whisper model that has learnt nothing: the file format of whisper.cpp, small weights by a seeded chance.
//!
//! It hears words that nobody said, and always the same ones: enough to carry a recogniser's contract, without a
//! download.

use std::io::{BufWriter, Write};
use std::path::Path;

/// An English model has so many tokens; from one more on it is taken for a multilingual one.
const TOKENS: i32 = 51_864;
/// Tokens that are written in the file; the rest are marks, which whisper.cpp names itself.
const TOKENS_WRITTEN: i32 = 50_256;
/// The window's places, the numbers of one place, layers, the text's places, bands of a spectrum, and its frequencies.
const PLACES: i32 = 1500;
const WIDTH: i32 = 64;
const HEADS: i32 = 2;
const LAYERS: i32 = 4;
const TEXT_PLACES: i32 = 448;
const BANDS: i32 = 80;
const FREQUENCIES: i32 = 201;

/// Writes the model; `seed` decides what it hears.
pub(crate) fn write_whisper_model(path: &Path, seed: u64) {
    let mut file =
        Model { out: BufWriter::new(std::fs::File::create(path).expect("a file")), seed };
    let shape = [TOKENS, PLACES, WIDTH, HEADS, LAYERS, TEXT_PLACES, WIDTH, HEADS, LAYERS, BANDS, 1];
    file.numbers(&[0x6767_6d6c]);
    file.numbers(&shape);
    file.bands();
    file.words();
    for conv in [("encoder.conv1", BANDS), ("encoder.conv2", WIDTH)] {
        file.halves(&format!("{}.weight", conv.0), &[3, conv.1, WIDTH]);
        file.floats(&format!("{}.bias", conv.0), &[1, WIDTH], 0.0);
    }
    file.floats("encoder.positional_embedding", &[WIDTH, PLACES], 0.5);
    file.floats("decoder.positional_embedding", &[WIDTH, TEXT_PLACES], 0.5);
    file.halves("decoder.token_embedding.weight", &[WIDTH, TOKENS]);
    file.norm("encoder.ln_post");
    file.norm("decoder.ln");
    for layer in 0..LAYERS {
        file.layer(&format!("encoder.blocks.{layer}"), &["attn"]);
        file.layer(&format!("decoder.blocks.{layer}"), &["attn", "cross_attn"]);
    }
    file.out.flush().expect("a file");
}

struct Model {
    out: BufWriter<std::fs::File>,
    seed: u64,
}

impl Model {
    fn numbers(&mut self, numbers: &[i32]) {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.out.write_all(&bytes).expect("a file");
    }

    /// Each band is a stretch of frequencies.
    fn bands(&mut self) {
        self.numbers(&[BANDS, FREQUENCIES]);
        for band in 0..BANDS {
            for frequency in 0..FREQUENCIES {
                let is_in = frequency * BANDS / FREQUENCIES == band;
                let weight = if is_in { 0.02_f32 } else { 0.0 };
                self.out.write_all(&weight.to_le_bytes()).expect("a file");
            }
        }
    }

    /// A byte each, then made-up words.
    fn words(&mut self) {
        self.numbers(&[TOKENS_WRITTEN]);
        for token in 0..TOKENS_WRITTEN {
            let word = match u8::try_from(token) {
                Ok(byte) => vec![byte.max(1)],
                Err(_more) => format!(" w{token}").into_bytes(),
            };
            self.numbers(&[i32::try_from(word.len()).expect("a word")]);
            self.out.write_all(&word).expect("a file");
        }
    }

    fn layer(&mut self, name: &str, attentions: &[&str]) {
        for attention in attentions {
            self.norm(&format!("{name}.{attention}_ln"));
            for part in ["query", "key", "value", "out"] {
                self.halves(&format!("{name}.{attention}.{part}.weight"), &[WIDTH, WIDTH]);
                if part != "key" {
                    self.floats(&format!("{name}.{attention}.{part}.bias"), &[WIDTH], 0.0);
                }
            }
        }
        self.norm(&format!("{name}.mlp_ln"));
        for (part, from, to) in [("mlp.0", WIDTH, 4 * WIDTH), ("mlp.2", 4 * WIDTH, WIDTH)] {
            self.halves(&format!("{name}.{part}.weight"), &[from, to]);
            self.floats(&format!("{name}.{part}.bias"), &[to], 0.0);
        }
    }

    fn norm(&mut self, name: &str) {
        self.head(&format!("{name}.weight"), &[WIDTH], 0);
        let ones: Vec<u8> = (0..WIDTH).flat_map(|_| 1.0_f32.to_le_bytes()).collect();
        self.out.write_all(&ones).expect("a file");
        self.floats(&format!("{name}.bias"), &[WIDTH], 0.0);
    }

    fn head(&mut self, name: &str, sides: &[i32], kind: i32) {
        let length = i32::try_from(name.len()).expect("a name");
        self.numbers(&[i32::try_from(sides.len()).expect("sides"), length, kind]);
        self.numbers(sides);
        self.out.write_all(name.as_bytes()).expect("a file");
    }

    fn floats(&mut self, name: &str, sides: &[i32], scale: f32) {
        self.head(name, sides, 0);
        for _ in 0..sides.iter().product::<i32>() {
            let sign = if self.chance().is_multiple_of(2) { scale } else { -scale };
            self.out.write_all(&sign.to_le_bytes()).expect("a file");
        }
    }

    /// 16-bit floats of either sign between 1/16 and 1/8.
    fn halves(&mut self, name: &str, sides: &[i32]) {
        self.head(name, sides, 1);
        for _ in 0..sides.iter().product::<i32>() {
            let chance = self.chance();
            let sign = ((chance >> 10) & 1) << 15;
            let bits = 0x2c00 | (chance & 0x3ff) | sign;
            self.out.write_all(&bits.to_le_bytes()[..2]).expect("a file");
        }
    }

    fn chance(&mut self) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.seed >> 33
    }
}

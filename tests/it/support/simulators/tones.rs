//! What the simulators of voices say: a letter is a short tone.

/// How long a letter sounds.
pub(crate) const LETTER_MS: u32 = 50;

/// The sound of a text at a rate, as 16-bit little-endian samples.
#[expect(clippy::cast_possible_truncation, reason = "a quarter of full scale fits")]
pub(crate) fn pcm_of(text: &str, hz: u32) -> Vec<u8> {
    let letter_samples = hz * LETTER_MS / 1000;
    text.chars()
        .flat_map(|letter| {
            let pitch =
                if letter.is_alphanumeric() { 300 + u32::from(letter) % 64 * 20 } else { 0 };
            let step = std::f64::consts::TAU * f64::from(pitch) / f64::from(hz);
            (0..letter_samples)
                .flat_map(move |at| ((8_000.0 * (step * f64::from(at)).sin()) as i16).to_le_bytes())
        })
        .collect()
}

/// The same as a WAV file.
pub(crate) fn wav_of(text: &str, hz: u32) -> Vec<u8> {
    let sound = pcm_of(text, hz);
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).expect("a WAV file in memory");
    for sample in sound.chunks_exact(2) {
        writer.write_sample(i16::from_le_bytes([sample[0], sample[1]])).expect("memory");
    }
    writer.finalize().expect("memory");
    file.into_inner()
}

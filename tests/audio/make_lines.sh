#!/usr/bin/env bash
# Makes the spoken lines of this folder and their MANIFEST.tsv again: repeatable, without a network.
#
# Needs ffmpeg with Flite inside (Debian's has it), espeak-ng, sox. The lines are mono, 16 kHz, 16 bit, peak -6 dBFS,
# cut to the speech, so that a test puts the silence it needs around them. What the engines say is ours to keep.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly RATE=16000
readonly MANIFEST=MANIFEST.tsv
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

main() {
    rm -f ./*.wav
    printf 'file\tms\tpause_ms\tengine\ttext\n' >"$MANIFEST"

    # One question; a request whose answer is long enough to be interrupted.
    flite question "What should a founder measure in the first year?"
    flite request "Tell me the long story of how the radio was invented."
    # What stops an AI, and what must not.
    flite barge-in "Wait, stop there. Let me ask something else."
    espeak mm-hmm "mm hmm."
    flite right "Right."
    # Names.
    flite ada "Ada, what do you make of that?"
    flite grace "Grace, do you agree with her?"
    flite both "What would both of you do first?"
    # What a sound check has the host read: the page's own sentence (web/soundcheck.js).
    flite sentence "Please put six fresh peaches beside the big blue chair."
    # A pause inside one sentence: not the end of a turn.
    flite_with_pause pause 1.2 "I was thinking that we might" "talk about the history of maps."
}

# Arguments: name, text. Of the voices at hand, rms is the one whose every word the recogniser hears.
flite() {
    flite_to "$scratch/raw.wav" "$2"
    finish "$1" - "flite rms" "$2"
}

# Arguments: name, seconds of silence, text before, text after.
flite_with_pause() {
    flite_to "$scratch/before.raw.wav" "$3"
    flite_to "$scratch/after.raw.wav" "$4"
    trim "$scratch/before.raw.wav" "$scratch/before.wav"
    trim "$scratch/after.raw.wav" "$scratch/after.wav"
    sox -D -n -r "$RATE" -c 1 -b 16 "$scratch/silence.wav" trim 0 "$2"
    sox -D "$scratch/before.wav" "$scratch/silence.wav" "$scratch/after.wav" "$scratch/raw.wav"
    local from
    from=$(milliseconds "$scratch/before.wav")
    finish "$1" "$from-$((from + $(milliseconds "$scratch/silence.wav")))" "flite rms" "$3 $4"
}

# Arguments: name, text.
espeak() {
    espeak-ng -v en-us -s 160 -w "$scratch/raw.wav" "$2"
    finish "$1" - "espeak-ng en-us" "$2"
}

flite_to() {
    ffmpeg -loglevel error -y -f lavfi -i "flite=voice=rms:text='$2'" -ar "$RATE" -ac 1 -bitexact "$1"
}

# Cuts silence at both ends and settles rate and level.
trim() {
    sox -D "$1" -r "$RATE" -c 1 -b 16 "$2" \
        silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse norm -6
}

# Arguments: name, where the pause is in ms, engine, text. Takes what lies in raw.wav.
finish() {
    trim "$scratch/raw.wav" "$1.wav"
    printf '%s\t%s\t%s\t%s\t%s\n' "$1.wav" "$(milliseconds "$1.wav")" "$2" "$3" "$4" >>"$MANIFEST"
}

milliseconds() {
    echo $(($(soxi -s "$1") * 1000 / RATE))
}

main

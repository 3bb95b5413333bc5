// Prints every complaint of the W3C validator's parser about the given WebVTT files; exits with 1 if there is one.
import { readFileSync } from "node:fs";
import webvtt from "webvtt-parser";

let complaints = 0;
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, "utf8");
  const { errors } = new webvtt.WebVTTParser().parse(text, "subtitles/captions/descriptions");
  for (const error of errors) {
    complaints += 1;
    console.log(`${file}:${error.line}:${error.col} ${error.message}`);
  }
}
process.exit(complaints === 0 ? 0 : 1);

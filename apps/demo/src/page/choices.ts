import type { InspectRequest, TrainRequest } from "../messages.js";

/** What the form asks to train. */
export function choicesOf(form: HTMLFormElement): Omit<TrainRequest, "resume"> {
  const { word, number } = reader(form);
  return {
    backend: word("backend"),
    options: {
      encodings: [word("first"), word("second")],
      seeds: [number("seed")],
      trainLength: number("trainLength"),
      layers: number("layers"),
      width: number("width"),
      heads: number("heads"),
      steps: number("steps"),
      batch: number("batch"),
      learningRate: number("learningRate"),
      evaluationTokens: number("evaluationTokens"),
    },
    data: word("source") === "own" ? { kind: "text", name: "your text", text: word("text") } : { kind: "stories" },
  };
}

/** Longer maps show no more, and take long to make. */
const longestMap = 64;

/** What the form asks to draw: both encodings, in the heads of the model that will be trained. */
export function inspectionsOf(form: HTMLFormElement): readonly InspectRequest[] {
  const { word, number } = reader(form);
  const heads = number("heads");
  const sizes = { heads, headSize: number("width") / heads, length: Math.min(longestMap, number("trainLength")) };
  return ["first", "second"].map((name) => ({ encoding: word(name), ...sizes }));
}

function reader(form: HTMLFormElement) {
  const values = new FormData(form);
  const word = (name: string): string => String(values.get(name) ?? "");
  return { word, number: (name: string): number => Number(word(name)) };
}

import type { LengthSummary, Measure, MeasuredRows } from "../compare/results.js";
import { type TerminalTableOptions, terminalTable } from "../report/terminal-table.js";
import { indented } from "../report/wrap.js";
import { mean } from "./measure-length.js";
import { foundShare } from "./recommend-method.js";
import type { ExtendResults, MethodAtLength } from "./results.js";

/** A measure, and its value of one method at one length. */
interface ExtendMeasure extends Measure {
  readonly of: (measured: MethodAtLength) => number | undefined;
}

const measures: readonly ExtendMeasure[] = [
  {
    examination: "sliding",
    value: "perplexity",
    label: "perplexity",
    explanation: "Of the same tokens of the text at every length, in windows that overlap by half.",
    better: "lower",
    of: ({ sliding }) => sliding.perplexity,
  },
  {
    examination: "passkey",
    value: "exactMatch",
    label: "passkeys found",
    explanation: "A number of five digits, said once in text that repeats, every token of which must be the likeliest.",
    better: "higher",
    of: foundShare,
  },
  {
    examination: "passkey",
    value: "nats",
    label: "nats of the passkey's tokens",
    explanation: "How surprised the model is by the number: it tells methods apart where none is found.",
    better: "lower",
    of: ({ passkey }) => (passkey.possible ? mean(passkey.nats) : undefined),
  },
];

/** The results as rows of measures by length. Measures that no method has are left out. */
export function measuredRows({ settings, model, methods }: ExtendResults): MeasuredRows {
  const shown = measures.filter(({ of }) =>
    methods.some((method) => method.possible && method.lengths.some((measured) => of(measured) !== undefined)),
  );
  const summary = (length: number, value: number | undefined, reason: string): LengthSummary =>
    value === undefined
      ? { length, possible: false, reason }
      : { length, possible: true, median: value, minimum: value, maximum: value };
  const encodings = methods.map((method) => ({
    name: method.name,
    failures: [],
    measures: shown.map(({ label, of }) => ({
      label,
      lengths: settings.lengths.map((length) => {
        if (!method.possible) return summary(length, undefined, method.reason);
        const measured = method.lengths.find((one) => one.length === length);
        const reason = measured && !measured.passkey.possible ? measured.passkey.reason : "it was not measured";
        return summary(length, measured && of(measured), reason);
      }),
    })),
  }));
  return {
    settings: { testLengths: settings.lengths, trainLength: model.contextLength, seeds: [] },
    problem: { measures: shown },
    encodings,
    subject: "method",
  };
}

/** The results as aligned text, with the recommendation below. */
export function extensionTable(results: ExtendResults, options: TerminalTableOptions = {}): string {
  return `${terminalTable(measuredRows(results), options)}\n\n${indented(results.recommendation.sentence, 0, 100, 0)}`;
}

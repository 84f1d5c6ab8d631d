import {
  type CompareListener,
  type CompareResults,
  compare,
  describeComparison,
  duration,
  memoryRunStore,
  prepareComparison,
  type RunStore,
  thinLosses,
  timeLeft,
} from "@relpos/lab";
import { type Canvas, createCanvas, drawLosses, lossCurve } from "@relpos/lab/report";
import type { Finished, Reply, TextSize, TrainRequest } from "../messages.js";
import { describeBackend, startBackend } from "./backends.js";
import { commandOf } from "./command.js";
import { present } from "./present.js";
import { sparingly } from "./sparingly.js";

/** What a training that was stopped goes on from. */
export interface Session {
  readonly store: RunStore;
  /** Every loss so far, by encoding. */
  readonly losses: Map<string, number[]>;
}

export function newSession(): Session {
  return { store: memoryRunStore(), losses: new Map() };
}

/** Trains both encodings and measures them, telling all along how far it is and how the losses fall. */
export async function train(
  { backend: choice, options, data, resume }: TrainRequest,
  text: TextSize,
  session: Session,
  signal: AbortSignal,
  say: (reply: Reply) => void,
): Promise<Finished> {
  const start = performance.now();
  const { settings } = prepareComparison(options, data);
  const command = commandOf(options, data);
  say({ type: "progress", share: 0, text: `starting ${choice}` });
  const backend = await startBackend(choice);
  try {
    say({ type: "running", text: `Runs on ${describeBackend(backend)}.` });
    const canvas = await createCanvas(text);
    const results = await compare(options, {
      backend,
      data,
      store: session.store,
      resume,
      environment: {
        versions: { browser: navigator.userAgent },
        machine: { cores: navigator.hardwareConcurrency },
        command,
      },
      signal,
      onEvent: follow(session, settings, canvas, say),
    });
    return { ...(await present(canvas, results)), command, duration: duration(performance.now() - start) };
  } finally {
    await backend.close();
  }
}

/** Tells of progress ten times a second, and draws the losses as often as that takes little of the time. */
function follow(
  { losses }: Session,
  { encodings, steps }: CompareResults["settings"],
  canvas: Canvas,
  say: (reply: Reply) => void,
): CompareListener {
  const left = timeLeft(() => performance.now());
  const tell = sparingly(100, say);
  const draw = sparingly(250, () => {
    const points = encodings.flatMap((name) => lossCurve(name, [thinLosses(losses.get(name) ?? [])]));
    if (points.length > 0) say({ type: "losses", markup: drawLosses(canvas, encodings, points, steps) });
  });
  return (event) => {
    const rest = left(event);
    if (event.type === "result") return draw.now();
    if (event.type === "run") losses.set(event.encoding, (losses.get(event.encoding) ?? []).slice(0, event.step));
    if (event.type === "step") losses.get(event.encoding)?.push(event.loss);
    tell({ type: "progress", share: event.work, text: describeComparison(event, rest) });
    draw();
  };
}

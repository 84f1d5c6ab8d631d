// Run in a process of its own: starts a contender and answers each round that it is sent; `null` ends it.
import { isolatedArgument } from "../isolate.js";
import { peakMemory } from "../peak-memory.js";
import type { Contender, Start } from "./contender.js";

const { module, settings } = isolatedArgument<{ readonly module: string; readonly settings: unknown }>();
const { start } = (await import(module)) as { readonly start: Start<unknown, unknown, unknown> };
const begin = performance.now();
const contender: Contender<unknown, unknown> = await start(settings);
const answer = (value: unknown): void => void process.send?.(value);

process.on("message", async (round) => {
  if (round !== null) return answer(await contender.run(round));
  answer(peakMemory());
  await contender.close();
  process.disconnect();
});
answer(performance.now() - begin);

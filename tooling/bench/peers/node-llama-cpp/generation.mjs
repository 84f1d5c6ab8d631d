// Greedy generation by node-llama-cpp, with its prebuilt library for the processor.
import { getLlama } from "node-llama-cpp";

export async function start({ file, contextSize, threads }) {
  const llama = await getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    logLevel: "error",
    maxThreads: threads,
  });
  const model = await llama.loadModel({ modelPath: file });
  const context = await model.createContext({ contextSize, threads });
  const sequence = context.getSequence();

  const run = async ({ prompt, newTokens }) => {
    await sequence.clearHistory();
    const tokens = [];
    const before = performance.now();
    let between = before;
    for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
      tokens.push(token);
      if (tokens.length === 1) between = performance.now();
      if (tokens.length === newTokens) break;
    }
    const after = performance.now();
    return { prefillMs: between - before, decodeMs: (after - between) / (newTokens - 1), tokens };
  };
  await run({ prompt: [1, 2, 3], newTokens: 2 });
  return { run, close: () => llama.dispose() };
}

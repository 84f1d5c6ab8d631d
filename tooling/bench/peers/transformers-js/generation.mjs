// Greedy generation by transformers.js on ONNX Runtime's processor, from a folder that `relpos export` wrote.
import { basename, dirname } from "node:path";
import { AutoModelForCausalLM, BaseStreamer, env, Tensor } from "@huggingface/transformers";

/** Notes when tokens come. The first call brings the prompt. */
class Clock extends BaseStreamer {
  times = [];

  put() {
    this.times.push(performance.now());
  }

  end() {}
}

export async function start({ folder, dtype, threads }) {
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  const model = await AutoModelForCausalLM.from_pretrained(basename(folder), {
    dtype,
    use_external_data_format: true,
    session_options: { intraOpNumThreads: threads },
  });

  const run = async ({ prompt, newTokens }) => {
    const sizes = [1, prompt.length];
    const streamer = new Clock();
    const before = performance.now();
    const output = await model.generate({
      input_ids: new Tensor("int64", BigInt64Array.from(prompt, BigInt), sizes),
      attention_mask: new Tensor("int64", new BigInt64Array(prompt.length).fill(1n), sizes),
      do_sample: false,
      min_new_tokens: newTokens,
      max_new_tokens: newTokens,
      streamer,
    });
    const [, first, ...others] = streamer.times;
    const tokens = output.tolist()[0].slice(prompt.length).map(Number);
    return { prefillMs: first - before, decodeMs: (others.at(-1) - first) / others.length, tokens };
  };
  await run({ prompt: [1, 2, 3], newTokens: 2 });
  return { run, close: () => model.dispose() };
}

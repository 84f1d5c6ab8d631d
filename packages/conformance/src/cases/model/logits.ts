import { type Graph, type HostTensor, type Tensor, trace } from "@relpos/core";
import { alibi, rope, t5 } from "@relpos/core/encodings";
import { type TransformerOptions, transformer } from "@relpos/core/nn";
import type { ConformanceCase } from "../../case.js";
import { evaluate } from "../../evaluate.js";
import { expectClose } from "../../tolerance.js";
import { byName, modelContext, movedWeights, randomTokens, smallSizes, typesOf } from "./small-model.js";

interface Variant extends Partial<TransformerOptions> {
  readonly name: string;
}

/** What a transformer may be made of, each option once. */
const variants: readonly Variant[] = [
  { name: "decoder" },
  { name: "grouped queries, gated, RMS norm", kvHeads: 1, gated: true, activation: "silu", norm: "rmsNorm" },
  { name: "post-norm with biases, untied", normPlacement: "post", bias: true, tied: false, activation: "geluTanh" },
  { name: "encoder with biases", form: "encoder", bias: true },
  {
    name: "an encoding and a window for each layer",
    position: (layer) => (layer === 0 ? rope() : alibi()),
    window: (layer) => (layer === 0 ? 2 : undefined),
  },
  { name: "squared ReLU, soft cap", activation: "reluSquared", softcap: 5 },
  { name: "encoder-decoder", form: "encoder-decoder", position: t5({ bidirectional: true }) },
];

/** Logits of a small model agree with the oracle. */
export const logitsCases: readonly ConformanceCase[] = variants.map(({ name, ...options }, index) => ({
  name: `model/logits/${name}`,
  group: "model",
  quick: index === 0,
  dtypes: ["float32", "int32", "bool"],
  run: async ({ backend, oracle }) => {
    const model = transformer({ ...smallSizes, position: rope(), ...options });
    const weights = movedWeights(model);
    const values = [randomTokens(2, 9), randomTokens(2, 7, "source"), ...Object.values(weights)];
    const graph: Graph = trace(
      (tokens, source, ...rest) => {
        const from = options.form === "encoder-decoder" ? { tokens: source as Tensor } : undefined;
        return model.forward(byName(weights, rest), { tokens: tokens as Tensor }, from).logits;
      },
      ...typesOf(values),
    );
    const [actual] = await evaluate(backend, graph, values);
    const [expected] = await evaluate(oracle, graph, values);
    expectClose(actual as HostTensor, expected as HostTensor, "composite", modelContext);
  },
}));

import { run, tensor } from "@relpos/core";
import { rope } from "@relpos/core/encodings";
import { transformer } from "@relpos/core/nn";
import { adamW, nextToken, Trainer, tokenBatch } from "@relpos/core/train";

/** A forward pass and two training steps of a small model: logits, and the losses before each step. */
export async function train(backend) {
  const model = transformer({ layers: 1, width: 16, heads: 2, vocabulary: 11, position: rope() });
  const tokens = tensor([3, 1, 4, 1, 5, 9, 2, 6], [2, 4], "int32");
  const labels = tensor([1, 4, 1, 5, 9, 2, 6, 5], [2, 4], "int32");
  const trainer = await Trainer.create(backend, {
    parameters: model.parameters,
    loss: nextToken(model),
    batch: tokenBatch(2, 4),
    optimizer: adamW({ learningRate: 0.01 }),
  });
  const parameters = await trainer.downloadParameters();
  const names = Object.keys(parameters);
  const forward = (input, ...weights) =>
    model.forward(Object.fromEntries(names.map((name, i) => [name, weights[i]])), { tokens: input }).logits;
  const logits = await run(backend, forward, tokens, ...Object.values(parameters));
  const losses = [];
  for await (const { loss } of trainer.over([
    { tokens, labels },
    { tokens, labels },
  ]))
    losses.push(loss);
  await trainer.dispose();
  await backend.close();
  return { logits: [...logits.data], losses };
}

import type { Backend } from "@relpos/core/backend";
import type { Named } from "@relpos/core/nn";
import { LanguageModel as Generator } from "@relpos/pipelines";
import type { LanguageModel } from "./language-model.js";

/** Lets a model write with the weights that it has in training. */
export async function withGenerator<T, Result>(
  backend: Backend<T>,
  { model }: LanguageModel,
  parameters: Named<T>,
  act: (generator: Generator) => Promise<Result>,
): Promise<Result> {
  const generator = Generator.over(model, parameters, backend as Backend);
  try {
    return await act(generator);
  } finally {
    await generator.close();
  }
}

import type { GenerateOptions, Prompt, TextGenerator } from "../generation/text-generator.js";
import type { ChatMessage } from "../text/chat-template.js";

export interface TextGenerationOptions extends GenerateOptions {
  /** Whether a result begins with its prompt. Default `true`. */
  readonly returnFullText?: boolean;
}

/** A text with what follows it, or a conversation with its answer. */
export interface GeneratedText<Given extends Prompt = Prompt> {
  readonly generatedText: Given extends string ? string : readonly ChatMessage[];
}

/** What follows each prompt or answers each conversation. */
export interface TextGeneration {
  (prompt: string, options?: TextGenerationOptions): Promise<readonly GeneratedText<string>[]>;
  (
    conversation: readonly ChatMessage[],
    options?: TextGenerationOptions,
  ): Promise<readonly GeneratedText<readonly ChatMessage[]>[]>;
  (prompts: readonly string[], options?: TextGenerationOptions): Promise<readonly (readonly GeneratedText<string>[])[]>;
}

export function textGeneration(generator: TextGenerator) {
  return async (
    prompts: readonly Prompt[],
    { returnFullText = true, ...options }: TextGenerationOptions = {},
  ): Promise<readonly (readonly GeneratedText[])[]> => {
    const made = await generator.generateAll(prompts, options);
    return made.map(({ text }, index) => {
      const prompt = prompts[index]!;
      if (typeof prompt === "string") return [{ generatedText: returnFullText ? prompt + text : text }];
      const answer: ChatMessage = { role: "assistant", content: text };
      return [{ generatedText: returnFullText ? [...prompt, answer] : [answer] }];
    });
  };
}

import { Template } from "@huggingface/jinja";
import { RelposError } from "@relpos/core";

/** A turn of a conversation, as in transformers. */
export interface ChatMessage {
  /** "system", "user" or "assistant", and others that a template knows. */
  readonly role: string;
  readonly content: string;
}

/** A conversation as the text that a model was trained on: ready for its answer, or `complete` as it stands. */
export type ChatTemplate = (
  messages: readonly ChatMessage[],
  options?: { readonly complete?: boolean | undefined },
) => string;

/** The prompt of a conversation where a model has no template: what was said, each on a line of its own. */
export const plainChat: ChatTemplate = (messages) => messages.map(({ content }) => `${content}\n`).join("");

/**
 * A template of Hugging Face's, in Jinja. `values` are what it may name beside the messages: `bos_token`, `eos_token`.
 *
 * Errors when it is no template, and with the template's own words when it refuses a conversation.
 */
export function jinjaChat(source: string, values: Readonly<Record<string, unknown>> = {}): ChatTemplate {
  const template = inTemplate(() => new Template(source));
  return (messages, { complete = false } = {}) =>
    inTemplate(() => template.render({ ...values, messages, add_generation_prompt: !complete }));
}

function inTemplate<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new RelposError("chatTemplate", (error as Error).message, { cause: error });
  }
}

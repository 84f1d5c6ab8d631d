import type { Checkpoint } from "@relpos/checkpoints";
import { type ChatTemplate, readChatTemplate } from "@relpos/pipelines";
import type { ChatMessage, Tokenizer } from "@relpos/text";
import { require } from "../compare/errors.js";
import { specialToken } from "./sequences.js";

/** A conversation as tokens; `counts` is 1 for what the assistant says and for the ends of its messages. */
export interface ConversationTokens {
  readonly ids: readonly number[];
  readonly counts: readonly number[];
}

/** How conversations become tokens. */
export interface ConversationForm {
  /** A conversation up to the assistant's turn. */
  prompt(messages: readonly ChatMessage[]): readonly number[];
  whole(messages: readonly ChatMessage[]): ConversationTokens;
}

/** The form of models that relpos trains, in Jinja: each message behind its role, with the token that ends it. */
export const chatTemplate =
  "{% for message in messages %}<{{ message.role }}>{{ message.content }}{{ eos_token }}{% endfor %}" +
  "{% if add_generation_prompt %}<assistant>{% endif %}";

/** The same of tokens: what a message says is never taken for a special token of the form. */
export function plainConversation(tokenizer: Tokenizer): ConversationForm {
  const message = ({ role, content }: ChatMessage): readonly number[] => [
    roleToken(tokenizer, role),
    ...tokenizer.encode(content).ids,
    specialToken(tokenizer, "eos"),
  ];
  return {
    prompt: (messages) => [...messages.flatMap(message), roleToken(tokenizer, "assistant")],
    whole: (messages) => {
      const parts = messages.map((own) => ({ role: own.role, ids: message(own) }));
      return {
        ids: parts.flatMap(({ ids }) => ids),
        counts: parts.flatMap(({ role, ids }) => ids.map((_, place) => Number(role === "assistant" && place > 0))),
      };
    },
  };
}

function roleToken({ vocabulary }: Tokenizer, role: string): number {
  const id = vocabulary.idOf(`<${role}>`);
  require(id !== undefined, () => `the tokenizer has no token <${role}> for the role ${role}`, () =>
    "roles are user, assistant and system; a model with a chat template brings a form of its own");
  return id;
}

/** The form of a checkpoint's chat template; nothing where it has none, or is one of relpos's own, whose form is ours. */
export async function conversationOf(
  { family, files }: Checkpoint,
  tokenizer: Tokenizer,
): Promise<ConversationForm | undefined> {
  const template = family === "relpos" ? undefined : await readChatTemplate(files);
  return template && writtenConversation(tokenizer, template);
}

/** A form that a template writes: what a message of the assistant adds to the text before it is what counts. */
export function writtenConversation(tokenizer: Tokenizer, write: ChatTemplate): ConversationForm {
  const encode = (text: string): readonly number[] => [...tokenizer.encode(text).ids];
  return {
    prompt: (messages) => encode(write(messages)),
    whole: (messages) => {
      const pieces: { readonly text: string; readonly counts: boolean }[] = [];
      let done = "";
      const add = (text: string, counts: boolean): void => {
        require(text.startsWith(done), () => "the chat template writes a longer conversation otherwise", () =>
          "choose a template that appends messages");
        if (text.length > done.length) pieces.push({ text: text.slice(done.length), counts });
        done = text;
      };
      for (const [index, { role }] of messages.entries()) {
        if (role !== "assistant") continue;
        add(write(messages.slice(0, index)), false);
        add(write(messages.slice(0, index + 1), { complete: true }), true);
      }
      const parts = pieces.map(({ text, counts }) => ({ ids: encode(text), counts: Number(counts) }));
      return {
        ids: parts.flatMap(({ ids }) => ids),
        counts: parts.flatMap(({ ids, counts }) => ids.map(() => counts)),
      };
    },
  };
}

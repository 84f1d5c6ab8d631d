import { createInterface } from "node:readline";
import { RelposError } from "@relpos/core";
import { type ChatMessage, Session, type TextGenerator } from "@relpos/pipelines";
import type { Command } from "commander";
import type { Console } from "../console.js";
import type { CliContext } from "../context.js";
import { oneLine } from "../errors.js";
import { listenForInterruption } from "../interrupt.js";
import { type ModelFlags, textModelFlags } from "../models/model-flags.js";
import { onBackend, openGenerator } from "../models/open-model.js";
import { generateOptions, type SamplingFlags, samplingFlags } from "../models/sampling-flags.js";
import { addFlags, backendFlags } from "./flags.js";

interface ChatFlags extends ModelFlags, SamplingFlags {
  readonly system?: string;
}

const groups = {
  "What is used:": [
    ...textModelFlags,
    { flags: "--system <text>", description: "what the model is told before the conversation" },
  ],
  "How text is made:": samplingFlags,
  "Where it runs:": backendFlags,
};

const help = `
Each line is a turn; /reset begins anew, /exit or the end of the input ends it. Ctrl-C stops an answer.

Example:
  $ relpos chat --model ./Llama-3.2-1B-Instruct --temperature 0.7`;

/** `relpos chat`: a conversation with a checkpoint, line by line. */
export function addChatCommand(program: Command, context: CliContext): void {
  addFlags(program.command("chat"), groups)
    .description("talk with a checkpoint, by the template that it was trained with")
    .addHelpText("after", help)
    .action((flags: ChatFlags) => runChat(flags, context));
}

async function runChat(flags: ChatFlags, context: CliContext): Promise<void> {
  const { console } = context;
  await onBackend(flags, context, async (workplace) => {
    const generator = await openGenerator(flags, workplace, context);
    // From here on Ctrl-C stops an answer; between answers it ends the process, which holds nothing to keep.
    workplace.release();
    const input = createInterface({ input: process.stdin, terminal: false });
    try {
      await converse(generator, input, flags, console);
    } finally {
      input.close();
      await generator.dispose();
    }
  });
}

/** Answers lines until they end. One session holds what was said, so that only what is new is computed. */
export async function converse(
  generator: TextGenerator,
  lines: AsyncIterable<string>,
  flags: ChatFlags,
  console: Console,
): Promise<void> {
  if (!generator.hasChatTemplate) console.error("the model has no chat template: it goes on from what was said\n");
  const beginning: readonly ChatMessage[] =
    flags.system === undefined ? [] : [{ role: "system", content: flags.system }];
  let messages = beginning;
  const ask = (): void => {
    if (console.interactive) console.error("> ");
  };
  using session = new Session(generator.model);
  ask();
  for await (const line of lines) {
    const content = line.trim();
    if (content === "/exit") break;
    if (content === "/reset") messages = beginning;
    else if (content !== "")
      messages = await turn(generator, session, [...messages, { role: "user", content }], flags, console);
    ask();
  }
}

/** The conversation with the answer to its last message; without that message where it cannot be answered. */
async function turn(
  generator: TextGenerator,
  session: Session,
  messages: readonly ChatMessage[],
  flags: ChatFlags,
  console: Console,
): Promise<readonly ChatMessage[]> {
  const interruption = listenForInterruption(console);
  let answer = "";
  try {
    const options = { ...generateOptions(flags), signal: interruption.signal };
    for await (const piece of generator.stream(messages, options, session)) {
      answer += piece;
      console.out(piece);
    }
  } catch (error) {
    if (!interruption.signal.aborted) {
      if (!(error instanceof RelposError)) throw error;
      console.error(`error: ${oneLine(error.message)} — /reset begins anew\n`);
      return messages.slice(0, -1);
    }
  } finally {
    interruption.release();
  }
  console.out("\n");
  return [...messages, { role: "assistant", content: answer }];
}

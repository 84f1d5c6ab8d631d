import { once } from "node:events";
import { basename, resolve } from "node:path";
import { ruleOf } from "@relpos/lab";
import { type Limits, type RequestRecord, startServer } from "@relpos/server";
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { CliError, exitCodes, oneLine } from "../errors.js";
import { type ModelFlags, textModelFlags } from "../models/model-flags.js";
import { onBackend, openGenerator, type Workplace } from "../models/open-model.js";
import { collected } from "../models/sampling-flags.js";
import { addFlags, backendFlags } from "./flags.js";
import { wholeNumber } from "./parsers.js";

interface ServeFlags extends ModelFlags {
  readonly port: number;
  readonly host: string;
  readonly name?: string;
  readonly apiKey?: string;
  readonly cors?: readonly string[];
  readonly maxBody?: number;
  readonly maxTokens?: number;
  readonly concurrent?: number;
  readonly waiting?: number;
  readonly grace: number;
  readonly quiet?: true;
}

const groups = {
  "What is served:": [
    ...textModelFlags,
    { flags: "--name <name>", description: "what requests call the model (default: its folder's name, or the hub's)" },
  ],
  "Where, and to whom:": [
    {
      flags: "--port <number>",
      description: "0 for any that is free",
      parse: wholeNumber("--port", 0, 65_535, 8080),
      default: 8080,
    },
    { flags: "--host <address>", description: "0.0.0.0 to listen to other machines", default: "127.0.0.1" },
    { flags: "--api-key <key>", description: "what clients have to know (default: RELPOS_API_KEY, or nothing)" },
    {
      flags: "--cors <origin>",
      description: "a page that may ask, such as https://example.org, or * for all; may be given several times",
      parse: collected as (text: string) => readonly string[],
    },
  ],
  "How much:": [
    {
      flags: "--max-body <bytes>",
      description: "of a request's body (default: 1048576)",
      parse: wholeNumber("--max-body", 1),
    },
    {
      flags: "--max-tokens <number>",
      description: "new tokens of one answer (default: 4096)",
      parse: wholeNumber("--max-tokens", 1),
    },
    {
      flags: "--concurrent <number>",
      description: "requests answered at the same time, token by token in turns (default: 4)",
      parse: wholeNumber("--concurrent", 1),
    },
    {
      flags: "--waiting <number>",
      description: "requests that wait for their turn; others get 429 (default: 64)",
      parse: wholeNumber("--waiting", 0),
    },
    {
      flags: "--grace <seconds>",
      description: "how long answers that were begun may go on after Ctrl-C or a terminate request",
      parse: wholeNumber("--grace", 0),
      default: 10,
    },
  ],
  "Where it runs:": [...backendFlags, { flags: "--quiet", description: "no line for each request" }],
};

const help = `
Speaks as OpenAI's interface does: /v1/chat/completions, /v1/completions, /v1/models, and /health. Stdout gets the address once
it listens, stderr a line for each request.

Examples:
  $ relpos serve --model ./Llama-3.2-1B-Instruct
  $ curl localhost:8080/v1/chat/completions -H "content-type: application/json" \\
      -d '{"model": "Llama-3.2-1B-Instruct", "messages": [{"role": "user", "content": "Who wrote Faust?"}], "stream": true}'`;

/** `relpos serve`: a checkpoint behind OpenAI's interface. */
export function addServeCommand(program: Command, context: CliContext): void {
  addFlags(program.command("serve"), groups)
    .description("answer requests as OpenAI's servers do, with a checkpoint")
    .addHelpText("after", help)
    .action((flags: ServeFlags) => runServe(flags, context));
}

async function runServe(flags: ServeFlags, context: CliContext): Promise<void> {
  await onBackend(flags, context, async (workplace) => {
    const generator = await openGenerator(flags, workplace, context);
    try {
      await serveUntilStopped(generator, flags, workplace, context);
    } finally {
      await generator.dispose();
    }
  });
}

async function serveUntilStopped(
  generator: Awaited<ReturnType<typeof openGenerator>>,
  flags: ServeFlags,
  { signal }: Workplace,
  { console }: CliContext,
): Promise<void> {
  const { port, host, cors, grace, quiet } = flags;
  const apiKey = flags.apiKey ?? (process.env.RELPOS_API_KEY || undefined);
  const server = await startServer({
    generator,
    model: flags.name ?? nameOf(flags.model as string),
    port,
    hostname: host,
    apiKey,
    origins: cors,
    limits: limitsOf(flags),
    onRequest: quiet ? undefined : (record) => console.error(`${describe(record)}\n`),
  }).catch((cause: Error) => {
    throw new CliError(ruleOf(cause), "choose another --port or --host", exitCodes.failure, { cause });
  });
  try {
    if (!/^http:\/\/(127\.|\[::1\])/.test(server.url) && apiKey === undefined) {
      console.error("whoever reaches this machine may ask: --api-key asks for a key\n");
    }
    console.out(`${server.url}\n`);
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await server.close({ graceSeconds: grace });
  }
}

/** The last part of a path, or the whole of a hub's name. */
function nameOf(model: string): string {
  return /^[\w.-]+\/[\w.-]+$/.test(model) && !model.startsWith(".") ? model : basename(resolve(model));
}

function limitsOf({ maxBody, maxTokens, concurrent, waiting }: ServeFlags): Partial<Limits> {
  const limits = { bodyBytes: maxBody, newTokens: maxTokens, concurrent, waiting };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** One line: when, who, what, how it ended, and what it took. */
function describe({ method, path, status, seconds, client, finished, usage, error }: RequestRecord): string {
  const tokens = usage ? [`${usage.promptTokens} tokens (${usage.cachedTokens} known) + ${usage.newTokens} new`] : [];
  const end = finished ? String(status) : "left";
  const fault =
    error === undefined ? [] : [`error: ${oneLine(error instanceof Error ? error.message : String(error))}`];
  return [new Date().toISOString(), client, method, path, end, `${seconds.toFixed(2)} s`, ...tokens, ...fault].join(
    " ",
  );
}

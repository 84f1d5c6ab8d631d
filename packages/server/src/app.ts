import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { streamSSE } from "hono/streaming";
import { checkHost, checkKey } from "./admission.js";
import { ApiError, apiErrorOf } from "./api-error.js";
import type { AppOptions } from "./app-options.js";
import type { Engine, Usage } from "./engine.js";
import { readJson } from "./read-json.js";
import { type Ask, parseChat, parseCompletion } from "./request.js";
import { chatForm, completionForm, type Form, type Head, streamedAnswer, wholeAnswer } from "./response.js";

interface Environment {
  readonly Bindings: HttpBindings;
  readonly Variables: { usage?: Usage; error?: unknown };
}

/** The routes of OpenAI's interface, in front of an engine. */
export function createApp(engine: Engine, options: AppOptions): Hono<Environment> {
  const { model, apiKey, origins = [], loopbackOnly = false, onRequest } = options;
  const app = new Hono<Environment>();
  const created = secondsNow();
  const description = { id: model, object: "model", created, owned_by: "relpos" };

  app.use(async (context, next) => {
    const begun = performance.now();
    const { incoming, outgoing } = context.env;
    outgoing.on("close", () =>
      onRequest?.({
        method: context.req.method,
        path: context.req.path,
        status: outgoing.statusCode,
        seconds: (performance.now() - begun) / 1000,
        client: incoming.socket.remoteAddress ?? "unknown",
        finished: outgoing.writableFinished,
        usage: context.get("usage"),
        error: context.get("error"),
      }),
    );
    await next();
  });
  app.use(async (context, next) => {
    if (loopbackOnly) checkHost(context.req.header("host"));
    await next();
  });
  if (origins.length > 0) app.use(cors({ origin: origins.includes("*") ? "*" : [...origins] }));
  app.use("/v1/*", async (context, next) => {
    if (apiKey !== undefined) checkKey(context.req.header("authorization"), apiKey);
    await next();
  });

  app.get("/health", (context) => context.json({ status: "ok", ...engine.load }));
  app.get("/v1/models", (context) => context.json({ object: "list", data: [description] }));
  app.get("/v1/models/:name{.+}", (context) => {
    checkModel(context.req.param("name"), model);
    return context.json(description);
  });
  app.post("/v1/chat/completions", (context) => answer(context, chatForm, parseChat));
  app.post("/v1/completions", (context) => answer(context, completionForm, parseCompletion));
  app.notFound(({ req }) => {
    throw new ApiError(404, `there is no ${req.method} ${req.path}`);
  });
  app.onError((thrown, context) => {
    const error = apiErrorOf(thrown);
    if (error.status === 500) context.set("error", thrown);
    if (error.status === 401) context.header("WWW-Authenticate", "Bearer");
    if (error.status === 429) context.header("Retry-After", "1");
    return context.json(error.body, error.status);
  });
  return app;

  async function answer(
    context: Context<Environment>,
    form: Form,
    parse: (body: unknown, newTokens: number) => Ask,
  ): Promise<Response> {
    const { bodyBytes, newTokens } = engine.limits;
    const ask = parse(await readJson(context.req.raw, bodyBytes), newTokens);
    checkModel(ask.model, model);
    const { incoming, outgoing } = context.env;
    const stop = new AbortController();
    outgoing.on("close", () => stop.abort());
    const place = await engine.admit(ask, incoming.socket.remoteAddress ?? "unknown", stop);
    const head = { id: `${form.idPrefix}${randomUUID()}`, created: secondsNow(), model };
    if (ask.stream) return streamed(context, form, head, ask, place.answer());
    const { body, usage } = await wholeAnswer(form, head, place.answer());
    context.set("usage", usage);
    return context.json(body);
  }
}

/** Server-sent events: an object each, and `[DONE]`. What goes wrong on the way is the last object. */
function streamed(
  context: Context<Environment>,
  form: Form,
  head: Head,
  { includeUsage }: Ask,
  pieces: ReturnType<Awaited<ReturnType<Engine["admit"]>>["answer"]>,
): Response {
  return streamSSE(context, async (stream) => {
    try {
      const objects = streamedAnswer(form, head, pieces, includeUsage);
      let next = await objects.next();
      for (; !next.done; next = await objects.next()) await stream.writeSSE({ data: JSON.stringify(next.value) });
      context.set("usage", next.value);
      await stream.writeSSE({ data: "[DONE]" });
    } catch (thrown) {
      if (!stream.aborted) {
        context.set("error", thrown);
        await stream.writeSSE({ data: JSON.stringify(apiErrorOf(thrown).body) });
      }
    }
  });
}

function checkModel(given: string, model: string): void {
  if (given === model) return;
  throw new ApiError(404, `the model ${JSON.stringify(given)} does not exist; there is ${JSON.stringify(model)}`, {
    code: "model_not_found",
    param: "model",
  });
}

const secondsNow = (): number => Math.floor(Date.now() / 1000);

import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { startServer } from "../src/index.js";
import { clientOf, holdSteps, request, serving, until, untilLoad, usingGenerator } from "./serving.js";

// The server as OpenAI's own client sees it.

const generator = usingGenerator();
const messages = [{ role: "user" as const, content: "the cat" }];
const prompt = "<user>the cat<assistant>";
const greedy = { model: "tiny", temperature: 0 } as const;

describe("what it answers", () => {
  test("a conversation, by the model's template", () =>
    serving(generator(), {}, async (server) => {
      const expected = await generator().generate(prompt, { maxNewTokens: 8 });
      const answer = await clientOf(server).chat.completions.create({
        ...greedy,
        messages,
        max_tokens: 8,
      });
      expect(answer).toMatchObject({ object: "chat.completion", model: "tiny" });
      expect(answer.choices).toEqual([
        {
          index: 0,
          message: { role: "assistant", content: expected.text, refusal: null },
          logprobs: null,
          finish_reason: "length",
        },
      ]);
      expect(answer.usage).toMatchObject({
        prompt_tokens: prompt.length,
        completion_tokens: 8,
        total_tokens: prompt.length + 8,
      });
    }));

  test("texts that go on, several of them, up to a stop", () =>
    serving(generator(), {}, async (server) => {
      const client = clientOf(server);
      const { text } = await generator().generate("the dog", { maxNewTokens: 16 });
      const whole = await client.completions.create({ ...greedy, prompt: ["the cat", "the dog"] });
      expect(whole.choices.map(({ index }) => index)).toEqual([0, 1]);
      // OpenAI's default length is 16.
      expect(whole.choices[1]).toMatchObject({ text, finish_reason: "length" });
      const stop = text.slice(3, 5);
      const stopped = await client.completions.create({ ...greedy, prompt: "the dog", stop: [stop] });
      expect(stopped.choices[0]).toMatchObject({ text: text.slice(0, text.indexOf(stop)), finish_reason: "stop" });
    }));

  test("a stream of pieces, whose end tells the usage", () =>
    serving(generator(), {}, async (server) => {
      const client = clientOf(server);
      const { text } = await generator().generate(prompt, { maxNewTokens: 8 });
      const settings = { ...greedy, messages, max_tokens: 8, stream: true } as const;
      const chunks = [];
      for await (const chunk of await client.chat.completions.create({
        ...settings,
        stream_options: { include_usage: true },
      })) {
        chunks.push(chunk);
      }
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(text);
      expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
      expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "length" });
      expect(chunks.at(-1)).toMatchObject({
        choices: [],
        usage: { prompt_tokens: prompt.length, completion_tokens: 8 },
      });
      expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
      let said = "";
      for await (const chunk of await client.completions.create({ ...greedy, prompt: "the cat", stream: true })) {
        said += chunk.choices[0]?.text ?? "";
        expect(chunk.usage).toBeUndefined();
      }
      expect(said).toBe((await generator().generate("the cat", { maxNewTokens: 16 })).text);
    }));

  test("draws: by the seed, several choices by seeds that follow", () =>
    serving(generator(), {}, async (server) => {
      const client = clientOf(server);
      const settings = { model: "tiny", prompt: "the cat", temperature: 1.5, top_p: 0.9, max_tokens: 8 } as const;
      const drawn = async (seed: number, n = 1) =>
        (await client.completions.create({ ...settings, seed, n })).choices.map(({ text }) => text);
      const expected = await generator().generate("the cat", { temperature: 1.5, topP: 0.9, maxNewTokens: 8, seed: 3 });
      expect(await drawn(3)).toEqual([expected.text]);
      expect(await drawn(2, 2)).toEqual([...(await drawn(2)), expected.text]);
      const without = async () => (await client.completions.create(settings)).choices[0]?.text;
      expect(new Set([await without(), await without(), await without()]).size).toBeGreaterThan(1);
    }));

  test("models, and whether it is well", () =>
    serving(generator(), {}, async (server) => {
      const client = clientOf(server);
      expect((await client.models.list()).data).toMatchObject([{ id: "tiny", object: "model", owned_by: "relpos" }]);
      expect(await client.models.retrieve("tiny")).toMatchObject({ id: "tiny" });
      expect((await request(server, "/health")).body).toEqual({ status: "ok", running: 0, waiting: 0 });
    }));
});

describe("who asks at the same time", () => {
  test("gets what each gets alone", () =>
    serving(generator(), {}, async (server) => {
      const client = clientOf(server);
      const prompts = ["the cat", "a dog sat", "<x>", "on", "the mat"];
      const ask = async (prompt: string) => {
        const settings = { model: "tiny", prompt, temperature: 1.2, seed: 5, max_tokens: 12 };
        return (await client.completions.create(settings)).choices[0]?.text;
      };
      const together = await Promise.all(prompts.map(ask));
      for (const [index, prompt] of prompts.entries()) expect(together[index]).toBe(await ask(prompt));
    }));

  test("is refused when too many wait, and a place is free again when one left", () =>
    serving(generator(), { limits: { concurrent: 1, waiting: 1 } }, async (server) => {
      const client = clientOf(server);
      const goOn = holdSteps(generator());
      const leaving = new AbortController();
      const long = { ...greedy, prompt: "the cat", max_tokens: 200, stream: false } as const;
      const first = client.completions.create(long, { signal: leaving.signal }).catch((error: unknown) => error);
      await untilLoad(server, { running: 1, waiting: 0 });
      const second = client.completions.create({ ...greedy, prompt: "the dog", max_tokens: 2 });
      await untilLoad(server, { running: 1, waiting: 1 });
      const { status, headers, body } = await request(server, "/v1/completions", { model: "tiny", prompt: "x" });
      expect([status, headers.get("retry-after")]).toEqual([429, "1"]);
      expect(body).toMatchObject({ error: { type: "rate_limit_error", code: "rate_limit_exceeded" } });
      leaving.abort();
      expect(await first).toBeInstanceOf(OpenAI.APIUserAbortError);
      goOn();
      expect((await second).choices[0]?.text).toHaveLength(2);
      await untilLoad(server, { running: 0, waiting: 0 });
    }));
});

test.each([true, false])("a client that leaves stops its answer within a token, stream: %s", (stream) =>
  serving(generator(), {}, async (server, log) => {
    let steps = 0;
    const { model } = generator();
    const original = model.step.bind(model);
    model.step = (kind) => {
      steps++;
      return original(kind);
    };
    try {
      const leaving = new AbortController();
      const settings = { ...greedy, prompt: "the cat", max_tokens: 200, stream };
      const read = async (): Promise<void> => {
        const answer = await clientOf(server).completions.create(settings, { signal: leaving.signal });
        if (Symbol.asyncIterator in answer) for await (const _ of answer);
      };
      const left = read().catch(() => {});
      await until(() => steps > 3);
      leaving.abort();
      await left;
      await until(() => log.length === 1);
      const reached = steps;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(steps - reached).toBeLessThanOrEqual(1);
      expect(steps).toBeLessThan(100);
      expect(log[0]).toMatchObject({ path: "/v1/completions", finished: false });
      expect((await request(server, "/health")).body).toEqual({ status: "ok", running: 0, waiting: 0 });
    } finally {
      model.step = original;
    }
  }),
);

test("a conversation that goes on is not computed from its beginning", () =>
  serving(generator(), {}, async (server, log) => {
    const client = clientOf(server);
    const settings = { ...greedy, max_tokens: 6 };
    const first = await client.chat.completions.create({ ...settings, messages });
    const answer = first.choices[0]!.message;
    const longer = [...messages, answer, { role: "user" as const, content: "and?" }];
    const second = await client.chat.completions.create({ ...settings, messages: longer });
    const text = `${prompt}${answer.content}<user>and?<assistant>`;
    // The last token made was never fed.
    const known = prompt.length + 5;
    expect(second.usage).toMatchObject({ prompt_tokens: text.length, prompt_tokens_details: { cached_tokens: known } });
    expect(second.choices[0]?.message.content).toBe((await generator().generate(text, { maxNewTokens: 6 })).text);
    // Another conversation gets a session of its own, and the first goes on.
    await client.chat.completions.create({
      ...settings,
      messages: [{ role: "user", content: "the dog sat on the mat" }],
    });
    const third = await client.chat.completions.create({ ...settings, messages: longer });
    expect(third.usage?.prompt_tokens_details?.cached_tokens).toBe(text.length - 1);
    await until(() => log.length === 4);
    expect(log[1]).toMatchObject({
      method: "POST",
      path: "/v1/chat/completions",
      status: 200,
      client: "127.0.0.1",
      finished: true,
      usage: { promptTokens: text.length, cachedTokens: known, newTokens: 6 },
    });
  }));

describe("its end", () => {
  test("lets an answer end that was begun, and refuses those that wait", () =>
    serving(generator(), { limits: { concurrent: 1 } }, async (server) => {
      const client = clientOf(server);
      const goOn = holdSteps(generator());
      const begun = client.completions.create({ ...greedy, prompt: "the cat", max_tokens: 40 });
      await untilLoad(server, { running: 1, waiting: 0 });
      const waiting = client.completions.create({ ...greedy, prompt: "the dog" }).catch((error: unknown) => error);
      await untilLoad(server, { running: 1, waiting: 1 });
      const closed = server.close({ graceSeconds: 60 });
      expect(await waiting).toMatchObject({ status: 503 });
      goOn();
      expect((await begun).choices[0]?.text).toHaveLength(40);
      await closed;
      await expect(request(server, "/health")).rejects.toThrow();
    }));

  test("breaks off what takes longer than it may", async () => {
    const server = await startServer({ generator: generator(), model: "tiny" });
    const client = clientOf(server);
    const begun = await client.completions.create({ ...greedy, prompt: "the cat", max_tokens: 4000, stream: true });
    const read = async (): Promise<void> => {
      for await (const _ of begun);
    };
    const broken = expect(read()).rejects.toThrow("the server is shutting down");
    await server.close({ graceSeconds: 0.05 });
    await broken;
  });

  test("a port that is taken is an error that names it", () =>
    serving(generator(), {}, async ({ port }) => {
      const again = startServer({ generator: generator(), model: "tiny", port });
      await expect(again).rejects.toThrow(`[startServer] cannot listen at 127.0.0.1:${port}: `);
    }));
});

import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { clientOf, request, serving, usingGenerator } from "./serving.js";

// The server as clients see it that do what they should not.

const generator = usingGenerator();
const messages = [{ role: "user" as const, content: "the cat" }];

describe("what it refuses", () => {
  const ask = { model: "tiny", messages };

  test.each<[string, unknown, number, string, string | null]>([
    ["/v1/chat/completions", "{", 400, "the body must be JSON", null],
    ["/v1/chat/completions", "[]", 400, "the body: ", null],
    ["/v1/chat/completions", { messages }, 400, "model: ", "model"],
    [
      "/v1/chat/completions",
      { ...ask, model: "gpt-5" },
      404,
      'the model "gpt-5" does not exist; there is "tiny"',
      "model",
    ],
    ["/v1/chat/completions", { ...ask, messages: [] }, 400, "messages: ", "messages"],
    [
      "/v1/chat/completions",
      { ...ask, messages: [{ role: "cat", content: "x" }] },
      400,
      "messages.0.role: ",
      "messages.0.role",
    ],
    ["/v1/chat/completions", { ...ask, temperature: 3 }, 400, "temperature: ", "temperature"],
    ["/v1/chat/completions", { ...ask, n: 0 }, 400, "n: ", "n"],
    [
      "/v1/chat/completions",
      { ...ask, max_tokens: 5000 },
      400,
      "max_tokens: at most 4096 are allowed, got 5000",
      "max_tokens",
    ],
    [
      "/v1/chat/completions",
      { ...ask, frequency_penalty: 1 },
      400,
      "frequency_penalty: only 0 is supported",
      "frequency_penalty",
    ],
    ["/v1/chat/completions", { ...ask, logprobs: true }, 400, "logprobs: only false is supported", "logprobs"],
    ["/v1/chat/completions", { ...ask, tools: [{}] }, 400, "tools: only none is supported", "tools"],
    ["/v1/chat/completions", { ...ask, wobble: 1 }, 400, "wobble: is not a setting that this server knows", "wobble"],
    [
      "/v1/chat/completions",
      { ...ask, messages: [{ role: "user", content: "x".repeat(300) }] },
      400,
      "the prompt must be shorter than the context of 256 tokens, got 317",
      "messages",
    ],
    ["/v1/completions", { model: "tiny", prompt: [1, 2] }, 400, "prompt: must be a text, or up to 64 texts", "prompt"],
    [
      "/v1/completions",
      { model: "tiny", prompt: "世" },
      400,
      "text must use the characters of the vocabulary",
      "prompt",
    ],
    ["/v1/completions", { model: "tiny", prompt: "" }, 400, "the prompt must have a token, got none", "prompt"],
    [
      "/v1/completions",
      { model: "tiny", prompt: new Array(10).fill("a"), n: 7 },
      400,
      "n: at most 64 answers are made for a request, got 70",
      "n",
    ],
    ["/v1/embeddings", {}, 404, "there is no POST /v1/embeddings", null],
  ])("%s %j: %i %s", (path, body, status, message, param) =>
    serving(generator(), {}, async (server) => {
      const refused = await request(server, path, body);
      expect(refused.status).toBe(status);
      expect(refused.body).toMatchObject({ error: { message: expect.stringContaining(message), param } });
    }),
  );

  test("settings that are odd, and nothing else: no value of any makes the server fail", () =>
    serving(generator(), {}, async (server) => {
      const settings =
        "model prompt messages max_tokens max_completion_tokens temperature top_p top_k min_p repetition_penalty seed stop n user stream stream_options logit_bias response_format modalities tools".split(
          " ",
        );
      const odd = [null, true, -1, 0, 1e-300, 0.5, 1, 2, 1e30, "", "a", [], ["a"], [null], {}, { type: "text" }];
      const statuses = new Map<number, number>();
      for (const [path, common] of [
        ["/v1/completions", { model: "tiny", prompt: "a", max_tokens: 1, temperature: 1 }],
        ["/v1/chat/completions", { ...ask, max_tokens: 1, temperature: 1 }],
      ] as const) {
        for (const name of settings) {
          for (const value of odd) {
            const response = await fetch(`${server.url}${path}`, {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: JSON.stringify({ ...common, [name]: value }),
            });
            const text = await response.text();
            expect(text, `${path} ${name} ${JSON.stringify(value)}`).not.toContain("server_error");
            statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          }
        }
      }
      expect([...statuses.keys()].sort()).toEqual([200, 400, 404]);
    }));

  test("a prompt beyond the context, with the code that clients look for", () =>
    serving(generator(), {}, async (server) => {
      const asked = clientOf(server).completions.create({ model: "tiny", prompt: "x".repeat(256) });
      await expect(asked).rejects.toMatchObject({
        status: 400,
        code: "context_length_exceeded",
        type: "invalid_request_error",
      });
    }));

  test("bodies that are too large, whether they say so or not", () =>
    serving(generator(), { limits: { bodyBytes: 1000 } }, async (server) => {
      const large = { ...ask, user: "x".repeat(1000) };
      expect(await request(server, "/v1/chat/completions", large)).toMatchObject({
        status: 413,
        body: { error: { message: "the body must be at most 1000 bytes", code: "request_too_large" } },
      });
      const pieces = new ReadableStream({
        pull: (controller) => controller.enqueue(new TextEncoder().encode(" ".repeat(300))),
      });
      const endless = { method: "POST", body: pieces, duplex: "half", headers: { "content-type": "application/json" } };
      const response = await fetch(`${server.url}/v1/chat/completions`, endless as RequestInit);
      expect(response.status).toBe(413);
    }));

  test("other content than JSON", () =>
    serving(generator(), {}, async (server) => {
      const refused = await request(server, "/v1/chat/completions", ask, { "content-type": "text/plain" });
      expect([refused.status, refused.body]).toMatchObject([
        415,
        { error: { message: expect.stringContaining("got text/plain") } },
      ]);
    }));

  test("who has not the key", () =>
    serving(generator(), { apiKey: "secret" }, async (server) => {
      const wrong = clientOf(server, "other").models.list();
      await expect(wrong).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
      const { status, headers } = await request(server, "/v1/models");
      expect([status, headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      expect((await clientOf(server, "secret").models.list()).data).toHaveLength(1);
      expect((await request(server, "/health")).status).toBe(200);
    }));

  test("pages of elsewhere: no header lets them read, and a name that points here is not answered", () =>
    serving(generator(), {}, async (server) => {
      const { headers } = await request(server, "/v1/models", undefined, { origin: "https://example.org" });
      expect(headers.get("access-control-allow-origin")).toBeNull();
      const answer = await new Promise<string>((resolve) => {
        const socket = connect(server.port, "127.0.0.1", () => {
          socket.write("GET /v1/models HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
        });
        let text = "";
        socket.on("data", (data) => {
          text += String(data);
        });
        socket.on("close", () => resolve(text));
      });
      expect(answer).toMatch(/^HTTP\/1.1 403 [\s\S]*the host must be this machine, got example.org/);
      await serving(generator(), { origins: ["https://example.org"] }, async (open) => {
        const allowed = await request(open, "/v1/models", undefined, { origin: "https://example.org" });
        expect(allowed.headers.get("access-control-allow-origin")).toBe("https://example.org");
      });
    }));
});

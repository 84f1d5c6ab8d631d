import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Site, serveFolder, withPage } from "@relpos/browser";
import type { Page } from "playwright-core";
import { build, defaultClientConditions } from "vite";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

// The page as it is built, of the sources of the workspace. An error in the page, in a worker or on the console fails.
const built = mkdtempSync(join(tmpdir(), "relpos-demo-"));
let site: Site;

beforeAll(async () => {
  await build({
    root: resolve(import.meta.dirname, ".."),
    logLevel: "error",
    resolve: { conditions: ["source", ...defaultClientConditions] },
    build: { outDir: built, emptyOutDir: true },
  });
  site = await serveFolder(built, true);
}, 120_000);
afterAll(async () => {
  await site?.close();
  rmSync(built, { recursive: true });
});

const seconds = 1000;
// GPUs in software are slow to compile what they run.
vi.setConfig({ testTimeout: 180 * seconds });
const tiny = { trainLength: 8, layers: 1, width: 8, heads: 2, batch: 4, learningRate: 0.03, evaluationTokens: 32 };

/** Opens the page with some choices in its address, and does something with it. Nothing is asked of any other host. */
async function open<R>(
  choices: Readonly<Record<string, string | number>>,
  use: (page: Page) => Promise<R>,
  webgpu = false,
): Promise<R> {
  const query = new URLSearchParams(Object.entries({ ...tiny, ...choices }).map(([name, value]) => [name, `${value}`]));
  return withPage({ webgpu }, async (page) => {
    page.setDefaultTimeout(150 * seconds);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`${site.url}?${query}`);
    const result = await use(page);
    expect(asked.filter((url) => !url.startsWith(site.url) && !/^(?:blob|data):/.test(url))).toEqual([]);
    return result;
  });
}

const state = (page: Page, words: string) =>
  page
    .locator("#state")
    .filter({ hasText: words })
    .waitFor({ timeout: 150 * seconds });

/** Losses as drawn, from the first to the last step of each encoding, as heights from the upper end of the picture. */
async function drawnLosses(page: Page): Promise<readonly (readonly number[])[]> {
  const lines = await page.locator('#losses g[aria-label="line"] path').evaluateAll((paths) => {
    return paths.map((path) => path.getAttribute("d") ?? "");
  });
  return lines.map((line) => [...line.matchAll(/[\d.]+,([\d.]+)/g)].map(([, y]) => Number(y)));
}

const devices = [
  { backend: "ort-web:wasm", says: /onnxruntime-web \d.*threads \d.*, isolated/ },
  { backend: "ort-web:webgpu", says: /onnxruntime-web \d.*adapter .*swiftshader/, webgpu: true },
  { backend: "tfjs:wasm", says: /tensorflow \d.*simd/ },
  { backend: "tfjs:webgl", says: /tensorflow \d.*gpu .*SwiftShader/ },
];

test.each(devices)(
  "on $backend both encodings are trained, measured and drawn",
  async ({ backend, says, webgpu = false }) => {
    await open(
      { backend, steps: 12, first: "rope", second: "t5" },
      async (page) => {
        await page.click("#start");
        await state(page, "Finished in");
        expect(await page.locator("#runtime").textContent()).toMatch(says);

        const losses = await drawnLosses(page);
        expect(losses).toHaveLength(2);
        for (const heights of losses) {
          expect(heights).toHaveLength(12);
          expect(heights.at(-1)).toBeGreaterThan(heights[0]!);
        }
        const cells = await page.locator("#measures tbody td").allTextContents();
        expect(cells).toHaveLength(2 * 4);
        for (const perplexity of cells) expect(Number(perplexity)).toBeGreaterThan(0);
        expect(await page.locator("#by-length svg").count()).toBe(1);

        // A heat map, curves by distance and wavelengths of rope; maps of both heads and curves of t5, untrained and trained.
        await page.locator('.cards [aria-busy="true"]').waitFor({ state: "detached" });
        expect(await page.locator("#card-0 svg[role=img]").count()).toBe(3);
        expect(await page.locator("#card-1 svg[role=img]").count()).toBe(3 + 3);
      },
      webgpu,
    );
  },
);

describe("the buttons", () => {
  const enabled = (page: Page) =>
    Promise.all(["#start", "#stop", "#reset", "#first"].map((control) => page.locator(control).isEnabled()));

  /** Waits for some training, and returns what the page says of it. */
  const doing = (page: Page) => page.locator("#doing").filter({ hasText: "step" }).textContent();
  const later = (page: Page) => page.waitForTimeout(0.5 * seconds);

  test("stop stops, continue goes on to the end", async () => {
    await open({ steps: 250 }, async (page) => {
      expect(await enabled(page)).toEqual([true, false, false, true]);
      await page.click("#start");
      await doing(page);
      expect(await enabled(page)).toEqual([false, true, true, false]);
      await page.click("#stop");
      await state(page, "Stopped");
      const before = await page.locator("#doing").textContent();
      await later(page);
      expect(await page.locator("#doing").textContent()).toBe(before);
      expect(await page.locator("#start").textContent()).toBe("Continue");
      expect(await enabled(page)).toEqual([true, false, true, false]);
      await page.click("#start");
      await state(page, "Finished in");
      expect(await enabled(page)).toEqual([true, false, true, true]);
      expect(await drawnLosses(page)).toHaveLength(2);
    });
  });

  test("reset ends what goes on and takes away what came of it", async () => {
    await open({ steps: 250 }, async (page) => {
      await page.click("#start");
      await doing(page);
      await page.locator("#losses svg").waitFor();
      await page.click("#reset");
      await later(page);
      await state(page, "Ready");
      expect(await enabled(page)).toEqual([true, false, false, true]);
      expect(await page.locator("#losses svg").count()).toBe(0);
      expect(await page.locator("#doing").textContent()).toBe("");
      expect(await page.locator("#measured").isHidden()).toBe(true);
    });
  });
});

test("where there is no WebGPU, one line says so and offers WebAssembly, which is taken when asked for", async () => {
  await open({ backend: "ort-web:webgpu", steps: 2 }, async (page) => {
    await page.click("#start");
    const error = page.getByRole("alert");
    await error.getByText("WebGPU finds no GPU here — choose another backend.").waitFor();
    await error.getByRole("button", { name: "Take ONNX Runtime · WebAssembly" }).click();
    await state(page, "Finished in");
    expect(await page.locator("#runtime").textContent()).toContain("ort-web:wasm");
  });
});

test("a text of one's own is learned; one that is too short is refused, with the remedy", async () => {
  await open({ source: "own", steps: 2 }, async (page) => {
    await page.getByLabel("Your own text").fill("too short");
    await page.click("#start");
    await page
      .getByRole("alert")
      .getByText(/^the text is too short .* — choose a text of at least \d+ characters/)
      .waitFor();
    await page.getByLabel("Your own text").fill("all work and no play makes a dull page. ".repeat(20));
    await page.click("#start");
    await state(page, "Finished in");
    expect(await page.locator("#command").textContent()).toContain("--text FILE");
  });
});

test("the address keeps the choices, every encoding can be chosen, and a changed one is drawn", async () => {
  await open({ first: "fire" }, async (page) => {
    expect(await page.getByLabel("First encoding").inputValue()).toBe("fire");
    await page.locator("#second option", { hasText: "kerple-log" }).waitFor({ state: "attached" });
    await page.getByLabel("Second encoding").selectOption("kerple-log");
    expect(new URL(page.url()).searchParams.get("second")).toBe("kerple-log");
    await page.locator("#card-1 h3", { hasText: "kerple-log" }).waitFor();
    await page.locator("#card-1 figure svg").first().waitFor();
    await page.getByText("Model and training").click();
    await page.getByLabel("Heads").fill("3");
    await page.getByLabel("Heads").blur();
    await page.locator("#card-1 .error", { hasText: "whole number" }).waitFor();
  });
});

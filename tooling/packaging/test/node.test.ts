import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeBackends, runtimes } from "../src/backends.js";
import { expectTrained } from "../src/expected.js";
import { makeProject, type Project } from "../src/project.js";

/** The project of these packages, for the tests of one block. */
function installed(packages: readonly string[], files: readonly string[] = []): () => Project {
  let project: Project | undefined;
  beforeAll(async () => {
    project = await makeProject(packages, files);
  }, 180_000);
  afterAll(() => project?.remove());
  return () => project as Project;
}

describe("@relpos/core alone", () => {
  const project = installed(["@relpos/core"]);

  test("brings nothing", () => {
    expect(project().installed).toEqual(["@relpos/core"]);
  });
});

describe.each(nodeBackends)("$name", ({ name, devices, runtime }) => {
  const project = installed(["@relpos/core", name], ["train.js", "node.js"]);

  test.each(devices)("runs a forward pass and training steps on %s, as the sources do", async (device) => {
    await expectTrained(await project().run("node.js", name, device));
  });

  test("brings no runtime but its own", () => {
    expect(project().installed.filter((other) => runtimes.test(other) && !runtime.test(other))).toEqual([]);
  });
});

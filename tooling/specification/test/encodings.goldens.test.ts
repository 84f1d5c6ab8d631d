import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readPositionVectors } from "../src/goldens/position-vectors.js";
import { describeGoldenFolder, describeGoldens } from "./describe-goldens.js";
import { useAllBackends } from "./use-backends.js";

// Encodings against what their published reference implementations computed. RELPOS_GOLDENS names the folder; the
// position vectors lie beside it.
const folder = resolve(process.env.RELPOS_GOLDENS ?? "goldens");
const vectors = resolve(folder, "../position-vectors/position-vectors.json");

const backends = useAllBackends();
describeGoldenFolder(folder, backends);
if (existsSync(vectors)) describeGoldens("position vectors", () => readPositionVectors(vectors), backends);

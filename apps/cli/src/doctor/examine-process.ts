// A process of its own for each device: a driver that crashes or hangs takes nothing else with it.
import type { BackendRequest } from "../backends/load.js";
import { examine } from "./examine.js";

const findings = await examine(JSON.parse(process.argv[2]!) as BackendRequest);
process.send?.(findings, () => process.exit());

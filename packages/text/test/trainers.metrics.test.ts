import { join } from "node:path";
import { describeStoredCases } from "./stored-cases.js";

const root = join(import.meta.dirname, "../../..");
const metrics = process.env.RELPOS_METRICS ?? join(root, "../shared/metrics");
const data = process.env.RELPOS_DATA ?? join(metrics, "../data");

describeStoredCases(metrics, data);

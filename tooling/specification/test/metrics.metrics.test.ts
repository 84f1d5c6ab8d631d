import { resolve } from "node:path";
import { describeMetricFolder } from "./describe-metrics.js";

// Metrics against what scikit-learn, sacreBLEU and SQuAD's evaluation computed. RELPOS_METRICS names the folder.
describeMetricFolder(resolve(process.env.RELPOS_METRICS ?? "metrics"));

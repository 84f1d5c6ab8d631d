import fc from "fast-check";

// Properties are tried with the same cases on every run. RELPOS_SEED, a whole number, draws others.
fc.configureGlobal({ seed: Number(process.env.RELPOS_SEED ?? 1) });

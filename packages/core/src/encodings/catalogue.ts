import { abacusEntry } from "./abacus.js";
import { alibiEntry } from "./alibi.js";
import { axialRopeEntry } from "./axial-rope.js";
import { beitEntry } from "./beit.js";
import { relativeKeyEntry, relativeKeyQueryEntry } from "./bert-relative.js";
import { bipeEntry } from "./bipe.js";
import { cableEntry } from "./cable.js";
import type { CatalogueEntry } from "./catalogue-entry.js";
import { clippedRopeEntry } from "./clipped-rope.js";
import { conformerEntry } from "./conformer.js";
import { copeEntry } from "./cope.js";
import { counterRotationEntry } from "./counter-rotation.js";
import { dapeEntry, dapeV2Entry } from "./dape.js";
import { debertaEntry, debertaV2Entry } from "./deberta.js";
import { decomposedEntry } from "./decomposed.js";
import { capeEntry, randomizedAlibiEntry, randomizedRopeEntry, shapeEntry } from "./drawn-positions.js";
import { dropeEntry } from "./drope.js";
import { dualChunkEntry } from "./dual-chunk.js";
import { dynamicPositionBiasEntry } from "./dynamic-position-bias.js";
import { fireEntry } from "./fire.js";
import { fopeEntry } from "./fope.js";
import { foxEntry } from "./fox.js";
import { gatedT5Entry } from "./gated-t5.js";
import { grapeAdditiveEntry } from "./grape-additive.js";
import { contextualGrapeMEntry, grapeMEntry } from "./grape-m.js";
import { grapePathEntry } from "./grape-path.js";
import { graphormerEntry } from "./graphormer.js";
import { hopeEntry } from "./hope.js";
import { inklingEntry } from "./inkling.js";
import { kerpleLogEntry, kerplePowerEntry } from "./kerple.js";
import { learnedEntry } from "./learned.js";
import { lieRopeEntry } from "./lie-rope.js";
import { megaBiasEntry } from "./mega-bias.js";
import { mixedRopeEntry } from "./mixed-rope.js";
import { mropeEntry } from "./mrope.js";
import { musicEntry } from "./music.js";
import { noneEntry } from "./none.js";
import { pathEntry, pathFoxEntry } from "./path.js";
import { pixelRopeEntry } from "./pixel-rope.js";
import { popeEntry } from "./pope.js";
import { positionCouplingEntry } from "./position-coupling.js";
import { repoEntry } from "./repo.js";
import { leakyReropeEntry, reropeEntry } from "./rerope.js";
import { retentionEntry } from "./retention.js";
import { ropeEntry } from "./rope.js";
import { dynamicNtkEntry, longRopeEntry } from "./rope-by-length.js";
import { linearScalingEntry, llama3Entry, ntkAwareEntry, proportionalEntry } from "./rope-scaling.js";
import { sandwichEntry } from "./sandwich.js";
import { selectiveRopeEntry } from "./selective-rope.js";
import { selfExtendEntry } from "./self-extend.js";
import { shawEntry } from "./shaw.js";
import { lmInfiniteEntry, streamingLlmEntry } from "./sinks.js";
import { scaledSinusoidalEntry, sinusoidalEntry } from "./sinusoidal.js";
import { stickBreakingEntry } from "./stick-breaking.js";
import { stringRopeEntry } from "./string-rope.js";
import { swinEntry } from "./swin.js";
import { swinV2Entry } from "./swin-v2.js";
import { t5Entry } from "./t5.js";
import { tapeEntry } from "./tape.js";
import { llama4TemperatureEntry, logTemperatureEntry, ministralTemperatureEntry } from "./temperature.js";
import { tisaEntry } from "./tisa.js";
import { transformerXlEntry } from "./transformer-xl.js";
import { tupeEntry } from "./tupe.js";
import { wallEntry } from "./wall.js";
import { xlnetEntry } from "./xlnet.js";
import { xposEntry } from "./xpos.js";
import { ntkByPartsEntry, yarnEntry } from "./yarn.js";

export type { CatalogueEntry, CatalogueSettings, PositionDraw } from "./catalogue-entry.js";

const entries: readonly CatalogueEntry[] = [
  noneEntry,
  sinusoidalEntry,
  learnedEntry,
  ropeEntry,
  alibiEntry,
  t5Entry,
  axialRopeEntry,
  beitEntry,
  conformerEntry,
  debertaEntry,
  debertaV2Entry,
  inklingEntry,
  llama4TemperatureEntry,
  logTemperatureEntry,
  ministralTemperatureEntry,
  mropeEntry,
  pixelRopeEntry,
  dynamicNtkEntry,
  linearScalingEntry,
  llama3Entry,
  longRopeEntry,
  ntkAwareEntry,
  ntkByPartsEntry,
  proportionalEntry,
  yarnEntry,
  scaledSinusoidalEntry,
  swinEntry,
  transformerXlEntry,
  xlnetEntry,
  abacusEntry,
  bipeEntry,
  copeEntry,
  dapeEntry,
  dapeV2Entry,
  decomposedEntry,
  dualChunkEntry,
  dynamicPositionBiasEntry,
  fireEntry,
  foxEntry,
  gatedT5Entry,
  graphormerEntry,
  kerpleLogEntry,
  kerplePowerEntry,
  leakyReropeEntry,
  lmInfiniteEntry,
  musicEntry,
  relativeKeyEntry,
  relativeKeyQueryEntry,
  pathEntry,
  pathFoxEntry,
  positionCouplingEntry,
  randomizedAlibiEntry,
  randomizedRopeEntry,
  reropeEntry,
  retentionEntry,
  sandwichEntry,
  selfExtendEntry,
  shawEntry,
  stickBreakingEntry,
  streamingLlmEntry,
  swinV2Entry,
  tupeEntry,
  xposEntry,
  cableEntry,
  capeEntry,
  clippedRopeEntry,
  counterRotationEntry,
  dropeEntry,
  fopeEntry,
  grapeAdditiveEntry,
  grapeMEntry,
  grapePathEntry,
  contextualGrapeMEntry,
  hopeEntry,
  lieRopeEntry,
  megaBiasEntry,
  mixedRopeEntry,
  popeEntry,
  repoEntry,
  selectiveRopeEntry,
  shapeEntry,
  stringRopeEntry,
  tapeEntry,
  tisaEntry,
  wallEntry,
];

/** Every encoding by name: what `relpos compare --encodings` and `relpos encodings` take. */
export const catalogue: Readonly<Record<string, CatalogueEntry>> = Object.fromEntries(
  entries.map((entry) => [entry.name, entry]),
);

import type { CatalogueEntry } from "./catalogue-entry.js";
import { abacusEntry } from "./entries/abacus.js";
import { alibiEntry } from "./entries/alibi.js";
import { axialRopeEntry } from "./entries/axial-rope.js";
import { beitEntry } from "./entries/beit.js";
import { relativeKeyEntry, relativeKeyQueryEntry } from "./entries/bert-relative.js";
import { bipeEntry } from "./entries/bipe.js";
import { cableEntry } from "./entries/cable.js";
import { clippedRopeEntry } from "./entries/clipped-rope.js";
import { conformerEntry } from "./entries/conformer.js";
import { copeEntry } from "./entries/cope.js";
import { counterRotationEntry } from "./entries/counter-rotation.js";
import { dapeEntry, dapeV2Entry } from "./entries/dape.js";
import { debertaEntry, debertaV2Entry } from "./entries/deberta.js";
import { decomposedEntry } from "./entries/decomposed.js";
import { capeEntry, randomizedAlibiEntry, randomizedRopeEntry, shapeEntry } from "./entries/drawn-positions.js";
import { dropeEntry } from "./entries/drope.js";
import { dualChunkEntry } from "./entries/dual-chunk.js";
import { dynamicPositionBiasEntry } from "./entries/dynamic-position-bias.js";
import { fireEntry } from "./entries/fire.js";
import { fopeEntry } from "./entries/fope.js";
import { foxEntry } from "./entries/fox.js";
import { gatedT5Entry } from "./entries/gated-t5.js";
import { grapeAdditiveEntry } from "./entries/grape-additive.js";
import { contextualGrapeMEntry, grapeMEntry } from "./entries/grape-m.js";
import { grapePathEntry } from "./entries/grape-path.js";
import { graphormerEntry } from "./entries/graphormer.js";
import { hopeEntry } from "./entries/hope.js";
import { inklingEntry } from "./entries/inkling.js";
import { kerpleLogEntry, kerplePowerEntry } from "./entries/kerple.js";
import { learnedEntry } from "./entries/learned.js";
import { lieRopeEntry } from "./entries/lie-rope.js";
import { megaBiasEntry } from "./entries/mega-bias.js";
import { mixedRopeEntry } from "./entries/mixed-rope.js";
import { mropeEntry } from "./entries/mrope.js";
import { musicEntry } from "./entries/music.js";
import { noneEntry } from "./entries/none.js";
import { pathEntry, pathFoxEntry } from "./entries/path.js";
import { pixelRopeEntry } from "./entries/pixel-rope.js";
import { popeEntry } from "./entries/pope.js";
import { positionCouplingEntry } from "./entries/position-coupling.js";
import { repoEntry } from "./entries/repo.js";
import { leakyReropeEntry, reropeEntry } from "./entries/rerope.js";
import { retentionEntry } from "./entries/retention.js";
import { ropeEntry } from "./entries/rope.js";
import { dynamicNtkEntry, longRopeEntry } from "./entries/rope-by-length.js";
import { linearScalingEntry, llama3Entry, ntkAwareEntry, proportionalEntry } from "./entries/rope-scaling.js";
import { sandwichEntry } from "./entries/sandwich.js";
import { selectiveRopeEntry } from "./entries/selective-rope.js";
import { selfExtendEntry } from "./entries/self-extend.js";
import { shawEntry } from "./entries/shaw.js";
import { lmInfiniteEntry, streamingLlmEntry } from "./entries/sinks.js";
import { scaledSinusoidalEntry, sinusoidalEntry } from "./entries/sinusoidal.js";
import { stickBreakingEntry } from "./entries/stick-breaking.js";
import { stringRopeEntry } from "./entries/string-rope.js";
import { swinEntry } from "./entries/swin.js";
import { swinV2Entry } from "./entries/swin-v2.js";
import { t5Entry } from "./entries/t5.js";
import { tapeEntry } from "./entries/tape.js";
import { llama4TemperatureEntry, logTemperatureEntry, ministralTemperatureEntry } from "./entries/temperature.js";
import { tisaEntry } from "./entries/tisa.js";
import { transformerXlEntry } from "./entries/transformer-xl.js";
import { tupeEntry } from "./entries/tupe.js";
import { wallEntry } from "./entries/wall.js";
import { xlnetEntry } from "./entries/xlnet.js";
import { xposEntry } from "./entries/xpos.js";
import { ntkByPartsEntry, yarnEntry } from "./entries/yarn.js";

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

export { catalogue } from "./catalogue.js";
export type { CatalogueEntry, CatalogueSettings, PositionDraw } from "./catalogue-entry.js";

import type { HostTensor, RandomKey } from "@relpos/core";
import type { PositionEncoding } from "@relpos/core/encodings";

/** What an encoding of the catalogue is made for. */
export interface CatalogueSettings {
  /** Length that the model is trained at: the size of tables that exist for no other positions. */
  readonly trainLength: number;
  /** Whether attention is causal. */
  readonly causal: boolean;
  /** Standard deviation of the initial embeddings, which positions that are added to them should match. */
  readonly embeddingDeviation: number;
  /** Token ids of the digits, for encodings that tell them from other tokens. Default: those of bytes. */
  readonly digits?: readonly number[] | undefined;
}

/** The sequence that positions are drawn for. */
export interface PositionDraw {
  /** Another one for each sequence; the same key gives the same positions. */
  readonly key: RandomKey;
  readonly length: number;
  /** The sequence's tokens, int32 [length]: a position may depend on those up to its own. */
  readonly tokens: HostTensor;
  /** Whether the model learns from the sequence, or is measured on it. */
  readonly training: boolean;
}

/**
 * An encoding as the catalogue knows it. What its value says itself is not repeated here: hooks, parameters and cache
 * class are read off what `create` returns.
 */
export interface CatalogueEntry {
  readonly name: string;
  /** Other names that people use. */
  readonly aliases: readonly string[];
  /** One line, as a phrase. */
  readonly summary: string;
  /** The formula in the paper's symbols, one line. */
  readonly formula: string;
  readonly tier: 1 | 2 | 3;
  /** `arXiv:…`, or authors, a comma and the year. */
  readonly paper: string;
  readonly year: number;
  readonly attention: "causal" | "bidirectional" | "both";
  /** Whether scores depend on differences of positions only. */
  readonly translationInvariant: boolean;
  /** Models in production that have it. */
  readonly models: readonly string[];
  /** Whether a reference implementation's numbers were met, or only the paper's formula was followed. */
  readonly verified: "reference" | "formula";
  create(settings: CatalogueSettings): PositionEncoding;
  /** Positions of one sequence, int32 [length], where they are drawn or follow from its tokens. Default: 0, 1, …. */
  drawPositions?(settings: CatalogueSettings, draw: PositionDraw): HostTensor;
}

import { gather, rotaryEmbedding, slice, type Tensor, tensor } from "@relpos/core";
import { defineEncoding, type EncodingWith, sinusoidalRow } from "@relpos/core/encodings";

/** Positions [S] or [B, S] as [1 or B, S]. */
const overBatch = (rows: Tensor): Tensor => (rows.rank === 2 ? rows.reshape([1, ...rows.shape]) : rows);

/**
 * Rotary embedding of interleaved pairs by a table that comes with the model: RoFormer, whose files hold it.
 *
 * Rows of the table [positions, D] are all sines, then all cosines. Su et al., arXiv:2104.09864; agrees with transformers'
 * `RoFormerSelfAttention`, which reads the table whatever stands in it.
 */
export function tableRope(maximumPositions: number): EncodingWith<"transform" | "parameters", "table"> {
  return defineEncoding({
    kind: "table-rope",
    settings: { maximumPositions },
    cache: "rotated-keys",
    maximumPositions,
    parameters: ({ headSize }) => ({
      table: {
        shape: [maximumPositions, headSize],
        initialize: (_, shape) => {
          const row = (position: number) => [...sinusoidalRow(position, headSize, { layout: "concatenated" })];
          return tensor(Array.from({ length: maximumPositions }, (_, position) => row(position)).flat(), shape);
        },
        decay: false,
      },
    }),
    transform: ({ parameters: { table }, query, key, queryPositions, keyPositions }) => {
      const half = (query.shape[3] as number) / 2;
      const turn = (x: Tensor, positions: Tensor): Tensor => {
        const rows = overBatch(gather(table, positions));
        const [sin, cos] = [slice(rows, { 2: [0, half] }), slice(rows, { 2: [half, 2 * half] })];
        return rotaryEmbedding(x, cos, sin, { interleaved: true });
      };
      return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
    },
  });
}

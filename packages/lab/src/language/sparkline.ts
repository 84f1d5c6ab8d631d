const blocks = "▁▂▃▄▅▆▇█";

/** A curve of numbers as a line of text of a width: the mean of each part, from the lowest to the highest. */
export function sparkline(values: readonly number[], width: number): string {
  const size = Math.max(1, values.length / width);
  const parts = Array.from({ length: Math.min(width, values.length) }, (_, part) => {
    const own = values.slice(
      Math.floor(part * size),
      Math.max(Math.floor(part * size) + 1, Math.floor((part + 1) * size)),
    );
    return own.reduce((sum, value) => sum + value, 0) / own.length;
  });
  const [lowest, highest] = [Math.min(...parts), Math.max(...parts)];
  const level = (value: number): number =>
    highest === lowest ? 0 : Math.round(((value - lowest) / (highest - lowest)) * (blocks.length - 1));
  return parts.map((value) => blocks[level(value)]).join("");
}

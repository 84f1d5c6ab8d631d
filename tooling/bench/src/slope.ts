/** Growth of y for each x, by least squares. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const [middleX, middleY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const products = points.map(([x, y]) => (x - middleX) * (y - middleY));
  return mean(products) / mean(points.map(([x]) => (x - middleX) ** 2));
}

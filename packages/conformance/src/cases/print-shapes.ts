/** Shapes as names of cases have them: `[2,3]+[3]`. */
export const printShapes = (shapes: readonly (readonly number[])[]): string =>
  shapes.map((shape) => `[${shape}]`).join("+");

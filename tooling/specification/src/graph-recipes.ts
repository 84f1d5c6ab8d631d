import { type GraphRecipe, recipeShapes } from "@relpos/conformance/cases";
import fc from "fast-check";

const number = fc.nat(9_000);

/** Recipes of small graphs; a failing one shrinks. */
export const graphRecipes: fc.Arbitrary<GraphRecipe> = fc.record({
  shapes: fc.constantFrom(...recipeShapes),
  steps: fc.array(fc.record({ operation: number, left: number, right: number, choice: number }), {
    minLength: 1,
    maxLength: 8,
  }),
  seed: fc.nat(1000),
});

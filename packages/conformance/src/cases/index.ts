// What tests of core share with the kit: values, functions with their gradients, graphs.
export { evaluate, runOn, withExecutable } from "../evaluate.js";
export { expectAgreement } from "./gradient/agreement.js";
export { compositeGradients } from "./gradient/composite-gradients.js";
export {
  type Differentiated,
  differentiated,
  type GradientCase,
  gradientGraph,
  type NamedGradientCase,
} from "./gradient/gradient-case.js";
export { primitiveGradients } from "./gradient/primitive-gradients.js";
export { type GraphRecipe, randomGraph, recipeOf, recipeShapes } from "./gradient/random-graphs.js";
export { apart, between, booleans, gaussian, integers, roundToFloat32 } from "./random-tensors.js";

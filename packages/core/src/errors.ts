/** An error of relpos: `[operation] rule, got value`. */
export class RelposError extends Error {
  override readonly name: string = "RelposError";
  readonly operation: string;

  constructor(operation: string, message: string, options?: ErrorOptions) {
    super(`[${operation}] ${message}`, options);
    this.operation = operation;
  }
}

/** Raised where a backend lacks a dtype, an operation or a device, and no decomposition can serve. */
export class UnsupportedError extends RelposError {
  override readonly name = "UnsupportedError";
}

/** Raised by a training step after which the loss, a parameter or a slot is NaN or infinite. */
export class NonFiniteLossError extends RelposError {
  override readonly name = "NonFiniteLossError";
  /** The step, counted from 1. */
  readonly step: number;
  /** The tensors of the state that hold such numbers. */
  readonly tensors: readonly string[];

  constructor(step: number, loss: number, tensors: readonly string[] = []) {
    const rule = Number.isFinite(loss)
      ? "weights must be finite numbers, got others"
      : `loss must be a finite number, got ${loss}`;
    super("train", `${rule} at step ${step}${listed(tensors)}; lower the learning rate`);
    this.step = step;
    this.tensors = tensors;
  }
}

/** ` (not finite: a, b, c and 5 more)`. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return names.length === 0 ? "" : ` (not finite: ${shown}${more})`;
}

/** Throws `[operation] rule` unless the condition holds; the message is made only when it does not. */
export function check(condition: unknown, operation: string, message: () => string): asserts condition {
  if (!condition) throw new RelposError(operation, message());
}

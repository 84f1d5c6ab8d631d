/** What the page is at. */
export type Phase = "ready" | "training" | "stopping" | "stopped" | "finished" | "failed";

/** What can be done in a phase. */
interface Possibilities {
  /** The words on the button that starts, and whether it can be pressed. */
  readonly start: "Start" | "Continue";
  readonly canStart: boolean;
  readonly canStop: boolean;
  readonly canReset: boolean;
  /** Whether choices can be changed. */
  readonly canChoose: boolean;
}

export const phases: Readonly<Record<Phase, Possibilities>> = {
  ready: { start: "Start", canStart: true, canStop: false, canReset: false, canChoose: true },
  training: { start: "Start", canStart: false, canStop: true, canReset: true, canChoose: false },
  stopping: { start: "Start", canStart: false, canStop: false, canReset: true, canChoose: false },
  stopped: { start: "Continue", canStart: true, canStop: false, canReset: true, canChoose: false },
  finished: { start: "Start", canStart: true, canStop: false, canReset: true, canChoose: true },
  failed: { start: "Start", canStart: true, canStop: false, canReset: true, canChoose: true },
};

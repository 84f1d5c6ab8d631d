/** Looks for texts at which generation stops, also where they come in pieces. */
export interface StopWatch {
  /** The text that may be said, and whether a stop was reached. */
  push(text: string): { readonly text: string; readonly stopped: boolean };
  /** What was held back. */
  end(): string;
}

/** Holds text back while it may be the beginning of a stop, which is never said itself. */
export function createStopWatch(stops: readonly string[]): StopWatch {
  let held = "";
  return {
    push: (text) => {
      held += text;
      const places = stops.map((stop) => held.indexOf(stop)).filter((place) => place >= 0);
      if (places.length > 0) {
        const said = held.slice(0, Math.min(...places));
        held = "";
        return { text: said, stopped: true };
      }
      const safe = held.length - longestBeginning(held, stops);
      const said = held.slice(0, safe);
      held = held.slice(safe);
      return { text: said, stopped: false };
    },
    end: () => {
      const rest = held;
      held = "";
      return rest;
    },
  };
}

/** How many of the last characters may be the beginning of a stop. */
function longestBeginning(text: string, stops: readonly string[]): number {
  const lengths = stops.map((stop) => {
    const most = Math.min(stop.length - 1, text.length);
    for (let length = most; length > 0; length--) if (text.endsWith(stop.slice(0, length))) return length;
    return 0;
  });
  return Math.max(0, ...lengths);
}

import { colourVariables, drawKey, partsStyle } from "@relpos/lab/report";
import type { Failure, TrainRequest } from "./messages.js";
import { chooseFromAddress, followInAddress, offer } from "./page/address.js";
import { createCards } from "./page/cards.js";
import { choicesOf, inspectionsOf } from "./page/choices.js";
import { element } from "./page/elements.js";
import { openWorker } from "./page/open-worker.js";
import { type Phase, phases } from "./page/phases.js";
import { createResults, type Offer } from "./page/results.js";
import { textSize } from "./page/text-size.js";

const form = element("form", HTMLFormElement);
const choices = element("choices", HTMLFieldSetElement);
const backend = element("backend", HTMLSelectElement);
const encodings = [element("first", HTMLSelectElement), element("second", HTMLSelectElement)];
const start = element("start", HTMLButtonElement);
const stop = element("stop", HTMLButtonElement);
const reset = element("reset", HTMLButtonElement);
const state = element("state", HTMLElement);
const welcome = state.textContent ?? "";

// The pictures bring their style with them; where it differs, the page's own style has precedence.
const style = document.createElement("style");
style.textContent = `@layer report { ${colourVariables}${partsStyle} }`;
document.head.prepend(style);
encodings.forEach((_, place) => {
  element(`key-${place}`, HTMLElement).innerHTML = drawKey(place).text;
});

const results = createResults();
const cards = createCards(["card-0", "card-1"]);
const trainer = openWorker({
  catalogue: ({ names }) => {
    for (const list of encodings) offer(list, names);
  },
  running: ({ text }) => results.showRuntime(text),
  progress: ({ share, text }) => results.showProgress(share, text),
  losses: ({ markup }) => results.showLosses(markup),
  finished: ({ finished }) => {
    enter("finished", `Finished in ${finished.duration}.`);
    results.showMeasures(finished);
    cards.showLearned(finished.pictures);
  },
  stopped: () => enter("stopped", "Stopped. Continue goes on from here, as if there had been no break."),
  failed: ({ failure }) => {
    enter("failed", "It could not be done.");
    results.showFailure(failure, offerOf(failure));
  },
});

let phase: Phase = "ready";
let training: Omit<TrainRequest, "resume"> | undefined;

function enter(next: Phase, words: string): void {
  phase = next;
  const possible = phases[next];
  start.textContent = possible.start;
  start.disabled = !possible.canStart;
  stop.disabled = !possible.canStop;
  reset.disabled = !possible.canReset;
  choices.disabled = !possible.canChoose;
  state.textContent = words;
}

/** The backend that a failure names, to be taken with a press of a button. */
function offerOf({ instead }: Failure): Offer | undefined {
  const option = Array.from(backend.options).find(({ value }) => value === instead);
  if (!option) return undefined;
  const take = (): void => {
    backend.value = option.value;
    form.requestSubmit();
  };
  return { label: option.text, take };
}

function clear(): void {
  results.clear();
  cards.showLearned({});
}

form.onsubmit = (event) => {
  event.preventDefault();
  const resume = phase === "stopped";
  if (!resume) {
    clear();
    training = choicesOf(form);
  }
  if (!training) return;
  enter("training", "Training.");
  trainer.ask({ type: "train", request: { ...training, resume }, text: textSize() });
};

stop.onclick = () => {
  enter("stopping", "Stopping.");
  trainer.ask({ type: "stop" });
};

reset.onclick = () => {
  trainer.drop();
  clear();
  enter("ready", welcome);
};

const defaults = new FormData(form);
chooseFromAddress(form);
form.onchange = () => {
  followInAddress(form, defaults);
  if (form.checkValidity()) cards.show(inspectionsOf(form));
};
trainer.ask({ type: "catalogue" });
cards.show(inspectionsOf(form));

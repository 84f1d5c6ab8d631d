import { html } from "@relpos/lab/report";
import type { Failure, Finished } from "../messages.js";
import { element } from "./elements.js";

/** What the page shows of a training. */
export interface Results {
  showProgress(share: number, text: string): void;
  showRuntime(text: string): void;
  showLosses(markup: string): void;
  showMeasures(finished: Finished): void;
  /** Offers what may do instead, where there is something. */
  showFailure(failure: Failure, instead?: Offer): void;
  clear(): void;
}

export interface Offer {
  readonly label: string;
  take(): void;
}

export function createResults(): Results {
  const progress = element("progress", HTMLProgressElement);
  const doing = element("doing", HTMLElement);
  const runtime = element("runtime", HTMLElement);
  const losses = element("losses", HTMLElement);
  const measured = element("measured", HTMLElement);
  const measures = element("measures", HTMLElement);
  const byLength = element("by-length", HTMLElement);
  const command = element("command", HTMLElement);
  const save = element("save", HTMLButtonElement);
  const error = element("error", HTMLElement);

  const showProgress = (share: number, text: string): void => {
    progress.value = share;
    doing.textContent = text;
  };
  return {
    showProgress,
    showRuntime: (text) => {
      runtime.textContent = text;
    },
    showLosses: (markup) => {
      losses.innerHTML = markup;
    },
    showMeasures: (finished) => {
      showProgress(1, "");
      measures.innerHTML = finished.table;
      byLength.innerHTML = finished.curves;
      // A line ends between two options, not within one.
      command.innerHTML = html`${finished.command.split(/ (?=--)/).map((part) => html`<span>${part}</span> `)}`.text;
      save.onclick = () => download("relpos-report.html", finished.report);
      measured.hidden = false;
    },
    showFailure: ({ problem, remedy }, instead) => {
      showProgress(0, "");
      error.innerHTML = html`<p>${problem} — ${remedy}.</p>`.text;
      error.hidden = false;
      if (!instead) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `Take ${instead.label}`;
      button.onclick = instead.take;
      error.append(button);
    },
    clear: () => {
      showProgress(0, "");
      for (const part of [runtime, losses, measures, byLength, error]) part.replaceChildren();
      for (const part of [measured, error]) part.hidden = true;
    },
  };
}

function download(name: string, page: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([page], { type: "text/html" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

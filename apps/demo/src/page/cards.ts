import { drawKey, html } from "@relpos/lab/report";
import type { InspectRequest } from "../messages.js";
import { element } from "./elements.js";
import { openWorker } from "./open-worker.js";
import { textSize } from "./text-size.js";

/** The pictures of the chosen encodings: as they are before training, and what training made of them. */
export interface Cards {
  /** Shows encodings as they are before training. */
  show(requests: readonly InspectRequest[]): void;
  /** Adds pictures of what was learned, by encoding; none takes them away. */
  showLearned(pictures: Readonly<Record<string, string>>): void;
}

interface Card {
  /** What it shows, or waits for. */
  wanted?: InspectRequest;
  waits: boolean;
  readonly title: HTMLElement;
  readonly before: HTMLElement;
  readonly after: HTMLElement;
}

export function createCards(ids: readonly string[]): Cards {
  const cards = ids.map((id) => createCard(element(id, HTMLElement)));
  const artist = openWorker({
    inspected: ({ request, markup }) => {
      for (const card of cards) if (same(card.wanted, request)) fill(card, markup);
    },
    failed: ({ failure }) => {
      for (const card of cards) if (card.waits) fill(card, html`<p class="error">${failure.problem}</p>`.text);
    },
  });
  return {
    show: (requests) => {
      const changed = cards.filter((card, place) => !same(card.wanted, requests[place]));
      if (changed.length === 0) return;
      // What is still being drawn may not be wanted any more.
      if (cards.some(({ waits }) => waits)) artist.drop();
      cards.forEach((card, place) => {
        const request = requests[place];
        if (!request || same(card.wanted, request)) return;
        Object.assign(card, { wanted: request, waits: true });
        card.title.innerHTML = html`${drawKey(place)} ${request.encoding}`.text;
        card.after.innerHTML = "";
      });
      for (const { wanted, waits, before } of cards) {
        before.ariaBusy = String(waits);
        if (wanted && waits) artist.ask({ type: "inspect", request: wanted, text: textSize() });
      }
    },
    showLearned: (pictures) => {
      for (const { wanted, after } of cards) after.innerHTML = pictures[wanted?.encoding ?? ""] ?? "";
    },
  };
}

function createCard(article: HTMLElement): Card {
  const [title, before, after] = (["h3", "div", "div"] as const).map((tag) => document.createElement(tag));
  article.append(title!, before!, after!);
  return { waits: false, title: title!, before: before!, after: after! };
}

function fill(card: Card, markup: string): void {
  card.waits = false;
  card.before.innerHTML = markup;
  card.before.ariaBusy = "false";
}

function same(one: InspectRequest | undefined, other: InspectRequest | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

// The address of the page says what was chosen in the form, so that it can be kept and shared: only what differs from the
// defaults, and never a text.

const privately = "text";

/** Chooses in the form what the address says. */
export function chooseFromAddress(form: HTMLFormElement): void {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const control = form.elements.namedItem(name);
    if (name === privately || control === null) continue;
    if (control instanceof HTMLSelectElement) offer(control, [value]);
    (control as HTMLInputElement | HTMLSelectElement | RadioNodeList).value = value;
  }
}

/** Keeps the address as the form is. */
export function followInAddress(form: HTMLFormElement, defaults: FormData): void {
  const chosen = [...new FormData(form)].filter(([name, value]) => name !== privately && defaults.get(name) !== value);
  const query = new URLSearchParams(chosen as [string, string][]).toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
}

/** Adds options to a list that it has not yet. */
export function offer(list: HTMLSelectElement, values: readonly string[]): void {
  const known = new Set(Array.from(list.options, ({ value }) => value));
  list.append(...values.filter((value) => !known.has(value)).map((value) => new Option(value)));
}

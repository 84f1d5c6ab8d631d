/** Look of the report: colours that most kinds of colour blindness tell apart (after Okabe and Ito), light and dark. */
interface SeriesStyle {
  readonly color: string;
  readonly dash: string;
  readonly symbol: "circle" | "square" | "triangle" | "diamond" | "star" | "wye" | "cross" | "times";
}

const light = ["#0072b2", "#d55e00", "#009e73", "#b0569a", "#c98200", "#3a9bd9", "#7a6a00", "#555555"];
const dark = ["#4ba3e3", "#f5854a", "#2cc79a", "#e29cc4", "#ffb733", "#9ad6ff", "#dcc94a", "#bbbbbb"];
const dashes = ["none", "7 3", "2 3"];
const symbols = ["circle", "square", "triangle", "diamond", "star", "wye", "cross", "times"] as const;

/** Colour, dash and symbol of the encoding at an index: no two alike among the first 24. */
export function seriesStyle(index: number): SeriesStyle {
  return {
    color: `var(--series-${index % light.length})`,
    dash: dashes[Math.floor(index / light.length) % dashes.length]!,
    symbol: symbols[index % symbols.length]!,
  };
}

/** Stops of cividis, a scale from low to high that is even for colour-blind and normal eyes. */
const heatColors = ["#00224e", "#2a3f6d", "#575d6d", "#7d7c78", "#a59c74", "#d2c060", "#fee838"] as const;

/** The colour at a share of the way from low to high, from 0 to 1. */
export function heatColor(share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (heatColors.length - 1);
  const index = Math.min(heatColors.length - 2, Math.floor(place));
  const channel = (color: string, start: number): number => Number.parseInt(color.slice(start, start + 2), 16);
  const mixed = [1, 3, 5].map((start) => {
    const [from, to] = [channel(heatColors[index]!, start), channel(heatColors[index + 1]!, start)];
    return Math.round(from + (to - from) * (place - index));
  });
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

const seriesVariables = (colors: readonly string[]): string =>
  colors.map((color, index) => `--series-${index}: ${color};`).join(" ");

/** Colours by name, light and dark, for pages and for drawings on their own. */
export const colourVariables = `
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1c1f23; --quiet: #5c646e; --line: #d9dde2; --panel: #f6f7f9;
  --accent: #0b62a8; --warning: #a33b00; ${seriesVariables(light)} }
@media (prefers-color-scheme: dark) { :root { --ground: #15181c; --ink: #e6e8ea; --quiet: #a0a8b2; --line: #343a42;
  --panel: #1d2126; --accent: #7cc0ff; --warning: #ffa36b; ${seriesVariables(dark)} } }
`;

/** The font of pages and drawings. */
export const fontFamily = `system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif`;

/** Style of tables, curves and pictures, for a page that has the colours. */
export const partsStyle = `
.quiet { color: var(--quiet); font-size: 0.875rem; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0.2rem; position: sticky; left: 0; background: var(--ground); }
thead th { color: var(--quiet); font-weight: 500; }
td small { display: block; color: var(--quiet); font-size: 0.75rem; line-height: 1.2; }
td.best { font-weight: 700; }
td.best small { font-weight: 400; }
figure { margin: 0; }
figure > svg { display: block; width: 100%; height: auto; overflow: visible; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; margin: 0.5rem 0 0.75rem; padding: 0; list-style: none; font-size: 0.9rem; }
.legend li { display: flex; align-items: center; gap: 0.35rem; }
.key { width: 30px; height: 12px; flex: none; vertical-align: middle; }
.heads { display: grid; gap: 0.5rem; grid-template-columns: repeat(auto-fill, minmax(5.5rem, 1fr)); margin: 0.5rem 0; }
.heads figcaption { font-size: 0.8rem; color: var(--quiet); }
.picture-wide { max-width: 22rem; }
.ramp { display: flex; align-items: center; gap: 0.5rem; font-size: 0.8rem; color: var(--quiet); }
.ramp i { flex: 0 1 9rem; height: 0.6rem; border-radius: 3px; background: linear-gradient(to right, ${heatColors.join(", ")}); }
.maps { display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); margin: 0.75rem 0; }
.maps figcaption { font-size: 0.9rem; }
.curve { max-width: 40rem; margin: 0.75rem 0; }
`;

/** Style sheet of the report. */
export const styleSheet = `${colourVariables}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 72rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 ${fontFamily}; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 0 0 0.25rem; }
p { max-width: 46rem; margin: 0.4rem 0; }
.warning { border-left: 4px solid var(--warning); padding: 0.25rem 0.75rem; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.cards { columns: 26rem; column-gap: 1rem; }
.cards > .panel { break-inside: avoid; margin-bottom: 1rem; }
.tables { display: flex; flex-wrap: wrap; gap: 1.5rem 3rem; }
.tables > div { max-width: 100%; }
.tables p { max-width: 34rem; }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem; min-width: 0; }
.settings th { color: var(--quiet); font-weight: 500; vertical-align: top; }
.settings td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem; overflow-x: auto; font-size: 0.85rem; }
${partsStyle}@media (max-width: 40rem) { th, td { padding: 0.3rem 0.45rem; } body { font-size: 15px; } }
`;

/** A number with about three significant digits and a true minus sign: 1234567 → `1.23M`, 0.0123 → `0.0123`. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  return plain(value).replace(/^-/, "−");
}

function plain(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e15 || size < 1e-4) return value.toExponential(1).replace("e+", "e");
  const unit = units.find(({ from }) => size >= from);
  if (unit) return `${significant(value / unit.scale)}${unit.suffix}`;
  return significant(value);
}

const units = [
  { from: 999.5e9, scale: 1e12, suffix: "T" },
  { from: 999.5e6, scale: 1e9, suffix: "G" },
  { from: 999.5e3, scale: 1e6, suffix: "M" },
  { from: 9999.5, scale: 1e3, suffix: "k" },
] as const;

/** Three significant digits, but whole numbers in full: 7.86, 23.6, 9876. */
function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995) return value.toFixed(2);
  return value.toPrecision(3).replace(/0+$/, "").replace(/\.$/, "");
}

/** A number on an axis: as short as it can be, 50 and not 50.0. */
export function tickNumber(value: number): string {
  return shortNumber(value)
    .replace(/(\.\d*?)0+(?=\D|$)/, "$1")
    .replace(/\.(?=\D|$)/, "");
}

/** Numbers on an axis between two values: as many decimals as tell eight parts of it from one another. */
export function tickNumbers(low: number, high: number): (value: number) => string {
  const part = (high - low) / 8;
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / part));
  if (!(part > 0) || digits <= 3) return tickNumber;
  const decimals = Math.max(0, Math.ceil(-Math.log10(part)));
  return (value) => value.toFixed(decimals).replace(/^-/, "−");
}

/** A value and half its spread with the same number of decimals: `7.86 ±0.02`. */
export function withSpread(value: number, spread: number): string {
  const text = shortNumber(value);
  const decimals = /\d$/.test(text) ? (text.split(".")[1]?.length ?? 0) : undefined;
  return `${text} ±${decimals === undefined ? shortNumber(spread) : spread.toFixed(Math.min(decimals, 2))}`;
}

/** A share as percent: 0.1234 → `12.3 %`. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : shortNumber(share);
}

/** Milliseconds in words: `950 ms`, `12.3 s`, `4 min 05 s`, `2 h 03 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1) return `${milliseconds.toPrecision(2)} ms`;
  if (milliseconds < 100) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** Bytes in words: `16.4 GB`. */
export function bytes(count: number): string {
  const unit = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(unit.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return `${shortNumber(count / 1000 ** power)} ${unit[power]}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

import { colourVariables, fontFamily } from "./theme.js";

/** A drawing of a page as a file of its own, light and dark. */
export function standalone(svg: string): string {
  const style = `<style>${colourVariables}svg { background: var(--ground); color: var(--ink); padding: 8px; font-family: ${fontFamily}; }</style>`;
  const named = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ');
  const [beginning] = /^<svg [^>]*>(<title[\s\S]*?<\/desc>)?/.exec(named) as RegExpExecArray;
  return `${beginning}${style}${named.slice(beginning.length)}\n`;
}

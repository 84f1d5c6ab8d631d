import type { PlotOptions } from "@observablehq/plot";

/** Observable Plot and a document to draw in, loaded on first use: they are large, and only the report needs them. */
export interface Canvas {
  readonly plot: typeof import("@observablehq/plot");
  /** Size of text, in the units of a drawing. */
  readonly text: number;
  /** Draws a plot and returns it as an SVG element in text, with a name and, where given, a description to be read out. */
  draw(options: PlotOptions, title: string, description?: string): string;
}

/** Size of a drawing, in units that are less than a pixel where there is little room. */
export const drawingSize = { width: 460, height: 310 } as const;

/**
 * Loads what draws. Plot needs a DOM document; linkedom gives one without a browser, and is used in browsers too. Text of
 * 12 units is legible in a drawing that is nearly as wide in pixels as in units; a page of little room needs larger text.
 */
export async function createCanvas(text = 12): Promise<Canvas> {
  const [plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  let drawings = 0;
  return {
    plot,
    text,
    draw(options, title, description) {
      const id = `drawing-${drawings++}`;
      const svg = plot.plot({
        width: drawingSize.width,
        height: drawingSize.height,
        className: id,
        ...options,
        style: { fontSize: `${text}px`, overflow: "visible", ...(options.style as object | undefined) },
        document: document as unknown as NonNullable<PlotOptions["document"]>,
      });
      svg.setAttribute("role", "img");
      if (description === undefined) svg.setAttribute("aria-label", title);
      else {
        const texts = { labelledby: ["title", title], describedby: ["desc", description] } as const;
        for (const [role, [tag, text]] of Object.entries(texts).reverse()) {
          const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
          element.setAttribute("id", `${id}-${tag}`);
          element.textContent = text;
          svg.prepend(element as unknown as string);
          svg.setAttribute(`aria-${role}`, `${id}-${tag}`);
        }
      }
      return withoutStyleSheet(svg.outerHTML);
    },
  };
}

/** The report has its own style sheet; Plot's copy in each drawing would only repeat it. */
function withoutStyleSheet(svg: string): string {
  return svg.replace(/<style>[\s\S]*?<\/style>/g, "");
}

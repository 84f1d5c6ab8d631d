import { Parser } from "htmlparser2";

/** Elements whose text nobody reads. */
const silent = new Set(["script", "style", "template", "noscript"]);

/** Elements within a line: their ends part no words. */
const inline = new Set(
  "a abbr b bdi bdo cite code del dfn em font i ins kbd mark q s samp small span strong sub sup u var wbr".split(" "),
);

/** The text of HTML: without tags and comments, with entities as characters, words of neighbouring blocks apart. */
export function htmlText(html: string): string {
  if (!/[<&]/.test(html)) return html;
  let text = "";
  let hidden = 0;
  const edge = (name: string): void => {
    if (!inline.has(name) && text && !/\s$/.test(text)) text += " ";
  };
  const parser = new Parser({
    onopentag(name) {
      if (silent.has(name)) hidden++;
      edge(name);
    },
    ontext(piece) {
      if (hidden === 0) text += piece;
    },
    onclosetag(name) {
      if (silent.has(name)) hidden--;
      edge(name);
    },
  });
  parser.end(html);
  return text;
}

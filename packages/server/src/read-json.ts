import { ApiError } from "./api-error.js";

/**
 * A request's body as JSON. Errors for another content type (a form of a foreign page could send text, not this), for
 * more bytes than allowed, read or announced, and for what is no JSON.
 */
export async function readJson(request: Request, mostBytes: number): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new ApiError(415, `the content type must be application/json, got ${type ?? "none"}`);
  }
  const bytes = await readBytes(request, mostBytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ApiError(400, `the body must be JSON: ${(cause as Error).message}`, { cause });
  }
}

async function readBytes({ headers, body }: Request, most: number): Promise<Uint8Array> {
  const tooLarge = (): ApiError => {
    return new ApiError(413, `the body must be at most ${most} bytes`, { code: "request_too_large" });
  };
  if (Number(headers.get("content-length") ?? 0) > most) throw tooLarge();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > most) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

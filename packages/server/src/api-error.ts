/** An error as OpenAI's interface gives it: a status, and a body that clients know how to read. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 429 | 500 | 503;
  readonly code: string | null;
  /** The setting of the request that is meant. */
  readonly param: string | null;

  constructor(
    status: ApiError["status"],
    message: string,
    { code, param, cause }: { code?: string; param?: string; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.status = status;
    this.code = code ?? null;
    this.param = param ?? null;
  }

  /** What clients get. */
  get body(): { readonly error: Readonly<Record<"message" | "type" | "param" | "code", string | null>> } {
    const { message, param, code } = this;
    return { error: { message, type: typeOf(this.status), param, code } };
  }
}

function typeOf(status: number): string {
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

/** The error that stands for whatever was thrown. What is not ours to explain says no more than that it happened. */
export function apiErrorOf(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(500, "the server failed to answer", { cause: error });
}

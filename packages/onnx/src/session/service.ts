import type { DType, HostTensor } from "@relpos/core";
import type { BackendMemory } from "@relpos/core/backend";

/** Rows that are written after a run, at indices that were fed, into a cache that was fed and becomes the output. */
export interface RowWrite {
  /** Position of the output, which the run itself leaves as rows. */
  readonly output: number;
  /** Positions of the inputs: the donated cache [B, H, C, D], and where rows go, int32 [B]. */
  readonly cache: number;
  readonly indices: number;
}

/** How a session is run: names by position, and which outputs are written into donated inputs. */
export interface RunPlan {
  /** None for those that are initializers. */
  readonly inputs: readonly (string | undefined)[];
  readonly outputs: readonly string[];
  readonly outputTypes: readonly DType[];
  /** Positions of the inputs that a run takes away. */
  readonly donated: readonly number[];
  /** For each output, the position of the donated input whose memory it is written into. */
  readonly inPlace: readonly (number | undefined)[];
  readonly rowWrites: readonly RowWrite[];
}

export interface OpenRequest {
  readonly session: number;
  readonly model: Uint8Array<ArrayBuffer>;
  readonly externalData: readonly { readonly path: string; readonly data: Uint8Array }[];
  /** Constants that are tensors of the service, by the paths that the model names them with. */
  readonly constants: readonly { readonly path: string; readonly tensor: number }[];
  /** Entries of the session's configuration, as ONNX Runtime names them below `session.`. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly plan: RunPlan;
}

export interface RunRequest {
  readonly session: number;
  /** Tensors to feed, in the order of the plan's inputs; none for initializers. */
  readonly feeds: readonly (number | undefined)[];
  /** Those of them that come with the request, and go with it. Default: none. */
  readonly given?: readonly UploadRequest[];
  /** Numbers that the outputs get. */
  readonly outputs: readonly number[];
  /** Positions of the outputs whose elements are answered, and which the service does not keep. Default: none. */
  readonly wanted?: readonly number[];
}

export interface UploadRequest {
  readonly tensor: number;
  readonly value: HostTensor;
}

/**
 * Sessions and tensors of ONNX Runtime, wherever it runs: in this thread, in a worker. Whoever calls chooses the numbers
 * that name them. Arguments are plain data, and the service may take their memory. Requests are served in order.
 */
export interface OrtService {
  open(request: OpenRequest): Promise<void>;
  /** Answers with the outputs that are wanted. Errors when the model fails; donated inputs are gone all the same. */
  run(request: RunRequest): Promise<readonly HostTensor[]>;
  upload(request: UploadRequest): Promise<void>;
  download(tensor: number): Promise<HostTensor>;
  dispose(tensors: readonly number[]): Promise<void>;
  release(session: number): Promise<void>;
  memory(argument?: undefined): Promise<BackendMemory>;
  /** Frees everything once the request in progress is done; requests that wait are rejected. */
  close(argument?: undefined): Promise<void>;
}

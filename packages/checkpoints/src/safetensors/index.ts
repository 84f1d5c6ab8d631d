export { type ByteSource, blobSource, bytesSource, type ReadOptions } from "../source/byte-source.js";
export { openSource, type SourceLike } from "../source/open-source.js";
export { type UrlOptions, urlSource } from "../source/url-source.js";
export { type StoredDType, storedAs, storedDTypes } from "./dtypes.js";
export type { TensorEntry } from "./header.js";
export { openSafetensors, type Safetensors, type TensorPlace } from "./reader.js";
export { openShards } from "./shards.js";
export { type StoredTensor, toHostTensor, toStoredTensor } from "./stored-tensor.js";
export {
  encodeSafetensors,
  safetensorsPieces,
  saveSafetensors,
  type WritableTensors,
  type WriteOptions,
} from "./writer.js";

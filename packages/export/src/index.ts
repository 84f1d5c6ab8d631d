export { type Exportable, exportOnnx, type OnnxExportOptions, onnxFolder } from "./onnx-folder.js";
export { type OnnxPart, onnxParts } from "./onnx-parts.js";

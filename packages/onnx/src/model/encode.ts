import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { bytesPerElement, elementCount } from "@relpos/core";
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
} from "onnx-buf";
import type {
  OnnxAttribute,
  OnnxBranch,
  OnnxExternalValue,
  OnnxInitializer,
  OnnxModel,
  OnnxNode,
  OnnxType,
  OnnxValue,
} from "./model.js";

/** A model as bytes, and its large constants by the path that the model names them with: of one file what begins at `dataStart`. */
export interface EncodedModel {
  readonly model: Uint8Array<ArrayBuffer>;
  readonly externalData: ReadonlyMap<string, Uint8Array>;
}

export interface EncodeOptions {
  /** One file for all large constants. Default is a path of its own for each, so that nothing is copied. */
  readonly dataFile?: string;
  /** Where in that file they begin, behind what the model's `external` values occupy. Default 0. */
  readonly dataStart?: number;
  /** Whether constants lie within the model, whatever their size. Default `false`. */
  readonly inline?: boolean;
}

/** ONNX's number of each element type. */
export const dataTypes = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  bfloat16: TensorProto_DataType.BFLOAT16,
  int32: TensorProto_DataType.INT32,
  int8: TensorProto_DataType.INT8,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
  int64: TensorProto_DataType.INT64,
} as const satisfies Record<OnnxType, TensorProto_DataType>;

/** Constants of more bytes lie outside the protobuf, whose size is limited to 2 GiB. */
const inlineBytes = 1024;

/** Where external data starts in a shared file: a multiple of this, so that it can be mapped into memory. */
export const alignment = 64;

/** The version of the file format that goes with operator set 23. */
const formatVersion = 11n;

/** A model as the bytes of an .onnx file; constants above 1 KiB become external data. */
export function encodeOnnx(model: OnnxModel, options: EncodeOptions = {}): EncodedModel {
  const { dataFile, dataStart = 0 } = options;
  const external = dataFile === undefined ? separateData() : sharedData(dataFile, dataStart);
  const domains = new Set(model.nodes.map(({ domain }) => domain));
  const message = create(ModelProtoSchema, {
    irVersion: formatVersion,
    producerName: "relpos",
    docString: model.description ?? "",
    opsetImport: [
      { domain: "", version: BigInt(model.opset) },
      ...(domains.has("com.microsoft") ? [{ domain: "com.microsoft", version: 1n }] : []),
    ],
    graph: {
      name: "relpos",
      input: model.inputs.map(encodeValue),
      output: model.outputs.map(encodeValue),
      initializer: [
        ...model.initializers.map((initializer) =>
          encodeInitializer(initializer, options.inline ? undefined : external),
        ),
        ...(model.external ?? []).map(encodeExternal),
      ],
      node: model.nodes.map(encodeNode),
    },
  });
  return { model: toBinary(ModelProtoSchema, message) as Uint8Array<ArrayBuffer>, externalData: external.files() };
}

/** The files of an exported model: `name`, and `name.data` when it has large constants. */
export function onnxFiles(model: OnnxModel, name: string): ReadonlyMap<string, Uint8Array> {
  const encoded = encodeOnnx(model, { dataFile: `${name}.data` });
  return new Map([[name, encoded.model], ...encoded.externalData]);
}

/** Takes the bytes of large constants and says where they lie. */
interface ExternalData {
  place(name: string, bytes: Uint8Array): { readonly path: string; readonly offset: number };
  files(): ReadonlyMap<string, Uint8Array>;
}

function separateData(): ExternalData {
  const files = new Map<string, Uint8Array>();
  return {
    place: (name, bytes) => {
      files.set(name, bytes);
      return { path: name, offset: 0 };
    },
    files: () => files,
  };
}

function sharedData(path: string, start: number): ExternalData {
  const parts: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  let end = start;
  return {
    place: (_, bytes) => {
      const offset = Math.ceil(end / alignment) * alignment;
      parts.push({ offset, bytes });
      end = offset + bytes.length;
      return { path, offset };
    },
    files: () => {
      if (parts.length === 0) return new Map();
      const whole = new Uint8Array(end - start);
      for (const { offset, bytes } of parts) whole.set(bytes, offset - start);
      return new Map([[path, whole]]);
    },
  };
}

function encodeInitializer({ name, type, shape, data }: OnnxInitializer, external: ExternalData | undefined) {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const header = { name, dataType: dataTypes[type], dims: shape.map(BigInt) };
  if (!external || bytes.length <= inlineBytes) return { ...header, rawData: bytes };
  return { ...header, ...lyingAt(external.place(name, bytes), bytes.length) };
}

function encodeExternal({ name, type, shape, path, offset }: OnnxExternalValue) {
  const bytes = elementCount(shape) * (type === "int64" ? 8 : bytesPerElement[type]);
  return { name, dataType: dataTypes[type], dims: shape.map(BigInt), ...lyingAt({ path, offset }, bytes) };
}

function lyingAt({ path, offset }: { readonly path: string; readonly offset: number }, length: number) {
  const externalData = Object.entries({ location: path, offset, length }).map(([key, value]) => ({
    key,
    value: String(value),
  }));
  return { dataLocation: TensorProto_DataLocation.EXTERNAL, externalData };
}

function encodeValue({ name, type, shape, description = "" }: OnnxValue) {
  const dim = shape?.map((size) =>
    typeof size === "number"
      ? { value: { case: "dimValue" as const, value: BigInt(size) } }
      : { value: { case: "dimParam" as const, value: size } },
  );
  const tensorType = { elemType: dataTypes[type], ...(dim && { shape: { dim } }) };
  return { name, docString: description, type: { value: { case: "tensorType" as const, value: tensorType } } };
}

function encodeNode({
  operation,
  domain,
  inputs,
  outputs,
  attributes,
}: OnnxNode): MessageInitShape<typeof NodeProtoSchema> {
  const attribute = Object.entries(attributes).map(([name, value]) => ({ name, ...encodeAttribute(value) }));
  return { opType: operation, domain, input: [...inputs], output: [...outputs], attribute };
}

function encodeAttribute(attribute: OnnxAttribute) {
  return attributeEncoders[attribute.type](attribute.value as never);
}

const attributeEncoders = {
  int: (value: number) => ({ type: AttributeProto_AttributeType.INT, i: BigInt(value) }),
  float: (value: number) => ({ type: AttributeProto_AttributeType.FLOAT, f: value }),
  string: (value: string) => ({ type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) }),
  ints: (value: readonly number[]) => ({ type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) }),
  graph: ({ nodes, outputs }: OnnxBranch) => ({
    type: AttributeProto_AttributeType.GRAPH,
    g: { name: "branch", output: outputs.map(encodeValue), node: nodes.map(encodeNode) },
  }),
};

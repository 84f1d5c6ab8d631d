import { type ReferenceTensor, referenceDefinition } from "@relpos/backend-reference";
import { type Graph, inline } from "@relpos/core";
import {
  type Backend,
  defineEagerBackend,
  type EagerBackendDefinition,
  type Executable,
  type FusedKernel,
  type KernelTable,
} from "@relpos/core/backend";

type Definition = EagerBackendDefinition<ReferenceTensor>;
type Reference = Backend<ReferenceTensor>;
type Fault = () => Reference;

const sound = (): Reference => defineEagerBackend(referenceDefinition);

const defined = (change: Partial<Definition>): Fault => {
  return () => defineEagerBackend({ ...referenceDefinition, ...change });
};

/** The reference with some kernels replaced. */
const withKernels = (change: (kernels: KernelTable<ReferenceTensor>) => Partial<KernelTable<ReferenceTensor>>): Fault =>
  defined({ kernels: { ...referenceDefinition.kernels, ...change(referenceDefinition.kernels) } });

/** A sound backend whose methods something is done to. */
const wrapped =
  (change: (inner: Reference) => Partial<Reference>): Fault =>
  () => {
    const inner = sound();
    return { ...inner, ...change(inner) };
  };

/** A sound backend whose executables something is done to. */
const withExecutables = (
  change: (executable: Executable<ReferenceTensor>, inner: Reference) => Partial<Executable<ReferenceTensor>>,
): Fault =>
  wrapped((inner) => ({
    compile: async (graph, options) => {
      const executable = await inner.compile(graph, options);
      return {
        graph: executable.graph,
        run: (given, more) => executable.run(given, more),
        close: () => executable.close(),
        ...change(executable, inner),
      };
    },
  }));

const mapped = (x: ReferenceTensor, f: (value: number, index: number) => number): ReferenceTensor => ({
  ...x,
  data: x.data.map(f) as ReferenceTensor["data"],
});

/** Turns halves, whatever the call asks for. */
const halvesOnly: FusedKernel<ReferenceTensor> = {
  supports: ({ inputs }) => inputs[0]?.dtype === "float32",
  run: ({ inputs, outputTypes }) => {
    const [x, cos, sin] = inputs as readonly [ReferenceTensor, ReferenceTensor, ReferenceTensor];
    const [batch, heads, length, size] = x.shape as readonly [number, number, number, number];
    const half = cos.shape[2] as number;
    const data = Float64Array.from(x.data);
    for (let row = 0; row < batch * heads * length; row++) {
      const table = (cos.shape[0] === 1 ? 0 : Math.floor(row / (heads * length))) * length + (row % length);
      for (let i = 0; i < half; i++) {
        const [first, second] = [row * size + i, row * size + half + i];
        const [c, s] = [cos.data[table * half + i] as number, sin.data[table * half + i] as number];
        data[first] = (x.data[first] as number) * c - (x.data[second] as number) * s;
        data[second] = (x.data[second] as number) * c + (x.data[first] as number) * s;
      }
    }
    return outputTypes.map((type) => ({ ...type, data }));
  },
};

const softmaxAlone: FusedKernel<ReferenceTensor> = {
  supports: ({ inputs }) => inputs[0]?.dtype === "float32",
  run: ({ inputs, attributes, outputTypes }) => {
    const x = inputs[0] as ReferenceTensor;
    const axis = attributes.axis as number;
    const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const size = x.shape[axis] as number;
    const data = Float64Array.from(x.data);
    for (let start = 0; start < data.length; start++) {
      if (Math.floor(start / inner) % size !== 0) continue;
      const places = Array.from({ length: size }, (_, i) => start + i * inner);
      const largest = Math.max(...places.map((place) => x.data[place] as number));
      const powers = places.map((place) => Math.exp((x.data[place] as number) - largest));
      const sum = powers.reduce((a, b) => a + b, 0);
      places.forEach((place, i) => {
        data[place] = (powers[i] as number) / sum;
      });
    }
    return outputTypes.map((type) => ({ ...type, data }));
  },
};

const decomposed = (graph: Graph): Graph => inline(graph, () => true);

/** Backends that are right but for one thing. */
export const faults = {
  none: sound,

  "cos has the wrong sign": withKernels(({ cos }) => ({ cos: (call) => mapped(cos(call), (x) => -x) })),

  "log of 0 is NaN": withKernels(({ log }) => ({
    log: (call) => mapped(log(call), (y) => (y === Number.NEGATIVE_INFINITY ? Number.NaN : y)),
  })),

  "concat along axis 2 puts the last first": withKernels(({ concat }) => ({
    concat: (call) => {
      if (call.attributes.axis !== 2) return concat(call);
      return concat({ ...call, inputs: call.inputs.toReversed(), inputTypes: call.inputTypes.toReversed() });
    },
  })),

  "pow is right to four digits": withKernels(({ pow }) => ({ pow: (call) => mapped(pow(call), (x) => x * 1.0001) })),

  "int32 products are rounded to float64": withKernels(({ mul }) => ({
    mul: (call) => {
      const [a, b] = call.inputs as readonly [ReferenceTensor, ReferenceTensor];
      if (a.dtype !== "int32") return mul(call);
      const [left, right] = [a, b].map((x) => ({ ...x, dtype: "float32", data: Float64Array.from(x.data) }) as const);
      const type = { ...call.outputType, dtype: "float32" } as const;
      const product = mul({ ...call, inputs: [left!, right!], inputTypes: [left!, right!], outputType: type });
      return { ...product, dtype: "int32", data: Int32Array.from(product.data) };
    },
  })),

  "rotaryEmbedding is claimed and ignores interleaved": defined({ fused: { rotaryEmbedding: halvesOnly } }),

  "softmax is claimed and decomposed": wrapped((inner) => ({
    supports: ({ name }) => name === "softmax",
    compile: (graph, options) => inner.compile(decomposed(graph), options),
  })),

  "softmax is run and not claimed": () => {
    const { supports: _, ...rest } = defineEagerBackend({ ...referenceDefinition, fused: { softmax: softmaxAlone } });
    return rest;
  },

  "every run leaks a tensor": () => {
    let leaked = 0;
    const inner = withExecutables((executable) => ({
      run: async (given, options) => {
        const outputs = await executable.run(given, options);
        leaked++;
        return outputs;
      },
    }))();
    return { ...inner, memory: async () => ({ tensors: (await inner.memory()).tensors + leaked }) };
  },

  "constants are not freed": () => {
    let kept = 0;
    const inner = sound();
    return {
      ...inner,
      compile: async (graph, options) => {
        const executable = await inner.compile(graph, options);
        kept += executable.graph.nodes.filter(({ op }) => op === "constant").length;
        return executable;
      },
      memory: async () => ({ tensors: (await inner.memory()).tensors + kept }),
    };
  },

  "a disposed tensor stays usable": () => {
    const inner = sound();
    const gone = new Set<ReferenceTensor>();
    return {
      ...inner,
      dispose: (tensor) => void gone.add(tensor),
      memory: async () => ({ tensors: (await inner.memory()).tensors - gone.size }),
    };
  },

  "donated tensors are kept": wrapped((inner) => ({
    compile: (graph, { donated: _, ...options } = {}) => inner.compile(graph, options),
  })),

  "abort is ignored": wrapped((inner) => ({
    compile: async (graph, options) => {
      const executable = await inner.compile(graph, options?.donated ? { donated: options.donated } : {});
      return { graph: executable.graph, run: (given) => executable.run(given), close: () => executable.close() };
    },
  })),

  "abort has a reason of its own": withExecutables((executable) => ({
    run: async (given, options) => {
      if (options?.signal?.aborted) throw new Error("aborted");
      return executable.run(given, options);
    },
  })),

  "closing an executable twice is an error": withExecutables((executable) => {
    let closed = false;
    return {
      close: async () => {
        if (closed) throw new Error("already closed");
        closed = true;
        await executable.close();
      },
    };
  }),

  "a closed backend goes on": wrapped(() => ({ close: async () => {} })),

  "missing inputs are zeros": withExecutables((executable, inner) => ({
    run: async (given, options) => {
      const filled = new Map(given);
      for (const input of executable.graph.inputs) {
        if (filled.has(input) || input.shape.some((dim) => typeof dim !== "number")) continue;
        const shape = input.shape as readonly number[];
        const data = new Float64Array(shape.reduce((a, b) => a * b, 1));
        filled.set(input, await inner.upload({ shape, dtype: input.dtype, data }));
      }
      return executable.run(filled, options);
    },
  })),

  "runs share what they are fed": () => {
    let fed: ReadonlyMap<unknown, ReferenceTensor> = new Map();
    return withExecutables((executable) => ({
      run: async (given, options) => {
        fed = given;
        await new Promise((resolve) => setTimeout(resolve, 0));
        return executable.run(executable.graph.inputs.some((x) => fed.has(x)) ? (fed as typeof given) : given, options);
      },
    }))();
  },

  "uploads share the host's memory": defined({
    upload: (value) => ({ ...referenceDefinition.upload(value), data: value.data as ReferenceTensor["data"] }),
  }),

  "downloads share the backend's memory": defined({
    download: (tensor) => {
      const { shape, dtype, data } = tensor;
      return dtype === "float32" ? { shape, dtype, data } : referenceDefinition.download(tensor);
    },
  }),

  "an unsupported type is an error of any kind": wrapped((inner) => ({
    upload: async (value) => {
      if (!inner.dtypes.has(value.dtype)) throw new TypeError(`no ${value.dtype}`);
      return inner.upload(value);
    },
  })),
} as const satisfies Readonly<Record<string, Fault>>;

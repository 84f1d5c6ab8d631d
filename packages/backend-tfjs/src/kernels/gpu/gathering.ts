import { elementCount } from "@relpos/core";
import type { Device } from "../../device/device.js";
import type { DeviceRows } from "../rows.js";
import { around } from "../shapes.js";
import { operationsOn } from "./operations.js";

/** Rows of webgl and webgpu that move elements from places that other elements decide; an index out of bounds gives 0. */
export function gathering(device: Device): Pick<DeviceRows, "gather" | "gatherElements"> {
  const { add, mul } = operationsOn(device);
  return {
    /** out[o, p, i] = data[o, indices[p], i]. */
    gather: ({ inputs: [data, indices], attributes: { axis }, outputType: { shape } }) => {
      const seen = { x: device.view(data!, around(data!.shape, axis)), indices: device.view(indices!, [-1]) };
      return device.view(device.run("GatherV2", seen, { axis: 1, batchDims: 0 }), shape);
    },

    /** out[o, p, i] = data[o, indices[o, p, i], i]: from the place where the row starts, so many rows on. */
    gatherElements: ({ inputs: [data, indices], attributes: { axis }, outputType: { shape } }) => {
      const [, size, inner] = around(data!.shape, axis);
      const count = shape[axis]!;
      const starts = Int32Array.from({ length: elementCount(shape) }, (_, place) => {
        return Math.floor(place / (count * inner)) * size * inner + (place % inner);
      });
      const places = add(mul(indices!, inner), device.write(starts, shape, "int32"));
      const seen = { x: device.view(data!, [-1]), indices: device.view(places, [-1]) };
      return device.view(device.run("GatherV2", seen, { axis: 0, batchDims: 0 }), shape);
    },
  };
}

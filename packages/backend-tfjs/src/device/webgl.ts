import type { MathBackendWebGL } from "@tensorflow/tfjs-backend-webgl";
import { env } from "@tensorflow/tfjs-core";
import { Device } from "./device.js";
import { start } from "./start.js";

/** WebGL, in browsers. */
export async function openWebgl(): Promise<Device> {
  await import("@tensorflow/tfjs-backend-webgl");
  const backend = await start<MathBackendWebGL>("webgl");
  // `floatPrecision` of TensorFlow.js says 16 where it is 32: github.com/tensorflow/tfjs/issues/6980.
  if (!env().getBool("WEBGL_RENDER_FLOAT32_ENABLED")) throw new Error("its textures hold 16-bit numbers only");
  const { gl } = backend.gpgpu;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const gpu = String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  return new Device("webgl", backend, { details: { gpu } });
}

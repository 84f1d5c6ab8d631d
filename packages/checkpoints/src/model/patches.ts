import { check, type Dim, linear, reshape, type Tensor, transpose } from "@relpos/core";
import { type Module, normal, zeros } from "@relpos/core/nn";

export interface PatchOptions {
  readonly channels: number;
  /** Height and width of images. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly width: number;
}

/** Patches on a side. Errors when they do not fill the image. */
export function patchesOnSide({ imageSize, patchSize }: Pick<PatchOptions, "imageSize" | "patchSize">): number {
  check(imageSize % patchSize === 0, "patches", () => `patches must fill the image, got ${patchSize} and ${imageSize}`);
  return imageSize / patchSize;
}

/** Images [B, C, H, W] as embedded patches, row by row: [B, patches, width]. `weight` [width, C, P, P], `bias`. */
export function patchEmbedding(options: PatchOptions): Module<readonly [pixels: Tensor], Tensor> {
  const { channels, patchSize: size, width } = options;
  const side = patchesOnSide(options);
  return {
    parameters: {
      weight: { shape: [width, channels, size, size], initialize: normal(0.02) },
      bias: { shape: [width], initialize: zeros },
    },
    apply: ({ weight, bias }, pixels) => {
      const batch = pixels.shape[0] as Dim;
      const cut = reshape(pixels, [batch, channels, side, size, side, size]);
      const inner = channels * size * size;
      const patches = reshape(transpose(cut, [0, 2, 4, 1, 3, 5]), [batch, side * side, inner]);
      return linear(patches, reshape(weight as Tensor, [width, inner]), bias);
    },
  };
}

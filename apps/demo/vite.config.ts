import { defineConfig } from "vite";

// What a page needs to have threads and shared memory: cross-origin isolation.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  // The built page works in any folder of any host.
  base: "./",
  worker: { format: "es" },
  server: { headers },
  preview: { headers },
  build: { target: "es2022", modulePreload: false },
});

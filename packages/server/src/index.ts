export type { RequestRecord } from "./app-options.js";
export type { Usage } from "./engine.js";
export type { Limits } from "./limits.js";
export { type CloseOptions, type Server, type ServerOptions, startServer } from "./start-server.js";

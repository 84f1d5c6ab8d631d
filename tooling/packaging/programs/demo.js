// A page that trains on the backend of backend.js, on the device that its address names.
import { provider } from "./backend.js";
import { train } from "./train.js";

const device = new URLSearchParams(location.search).get("device");
const backend = await provider.create({ device });
document.body.textContent = JSON.stringify(await train(backend));
document.body.id = "done";

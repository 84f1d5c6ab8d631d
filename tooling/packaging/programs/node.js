// node node.js PACKAGE DEVICE: trains on the backend of a package.
import { train } from "./train.js";

const [name, device] = process.argv.slice(2);
const { provider } = await import(name);
console.log(JSON.stringify(await train(await provider.create({ device }))));

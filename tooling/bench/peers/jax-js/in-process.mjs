// Run in a process of its own: the training, with an argument and a result as lines of JSON.
const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
for (const name of ["map", "filter", "flatMap", "some", "every", "find", "reduce", "forEach"]) {
  // Node 20 has no iterator helpers, which jax-js calls.
  iterators[name] ??= function (...options) {
    return [...this][name](...options);
  };
}

const { main } = await import("./train.mjs");
process.stdout.write(`${JSON.stringify(await main(JSON.parse(process.argv[2])))}\n`);

// What a published package.json leaves out: the condition that points our own tests to the sources, which are not
// published, and the dependencies that only building and testing need.
module.exports = {
  hooks: {
    beforePacking(manifest) {
      delete manifest.devDependencies;
      for (const entry of Object.values({ ...manifest.exports, ...manifest.imports })) delete entry.source;
      return manifest;
    },
  },
};

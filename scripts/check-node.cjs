/** Fails unless this Node.js is new enough for package.json. Written so that a very old one can run it. */
var least = require('../package.json').engines.node.match(/\d+/g);
var is = process.versions.node.split('.');
if ((is[0] - least[0] || is[1] - least[1]) < 0) {
  console.error('loms needs Node.js %s or newer, this is %s', least.join('.'), process.version);
  process.exitCode = 1;
}

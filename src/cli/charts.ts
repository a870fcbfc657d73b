// A file of its own in dist/, for the commands that draw: see mk/build.mjs.
export { standalone } from '../report/canvas.js';
export { charts } from '../report/charts.js';
export { page } from '../report/page.js';

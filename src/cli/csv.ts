// A file of its own in dist/, read when a table is written: see mk/build.mjs.
export { stringify } from 'csv-stringify/sync';

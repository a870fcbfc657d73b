import type { EventFormat, Field } from './format.js';

/** A string of the record up to its NUL; what would break a line is a blank. */
function textOf(record: Uint8Array, start: number, length: number): string {
  let text = '';
  const end = Math.min(start + length, record.length);
  for (let i = start; i < end && record[i] !== 0; i++) {
    text += record[i] < 0x20 ? ' ' : String.fromCharCode(record[i]);
  }
  return text;
}

function valueText(record: Uint8Array, field: Field): string {
  const { offset, size, type } = field;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  // An open array, 'char buf[]', has the size 0 and ends with the record.
  const length = size === 0 ? Math.max(0, record.length - offset) : size;
  if (offset + length > record.length) return '?';
  // __data_loc char[] name: where the string is in the record, and its length above bit 16.
  const place = /^__(data|rel)_loc\b/.exec(type);
  if (place !== null && size === 4) {
    const word = view.getUint32(offset, true);
    const start = (word & 0xffff) + (place[1] === 'rel' ? offset + 4 : 0);
    if (/\bchar\b/.test(type)) return textOf(record, start, word >>> 16);
    return hex(record.subarray(start, start + (word >>> 16)));
  }
  if (/\bchar\b.*\[/.test(type)) return textOf(record, offset, length);
  if (size === 1) return String(field.signed ? view.getInt8(offset) : view.getUint8(offset));
  if (size === 2) {
    return String(field.signed ? view.getInt16(offset, true) : view.getUint16(offset, true));
  }
  if (size === 4) {
    return String(field.signed ? view.getInt32(offset, true) : view.getUint32(offset, true));
  }
  if (size === 8 && !type.includes('[')) {
    return String(field.signed ? view.getBigInt64(offset, true) : view.getBigUint64(offset, true));
  }
  return hex(record.subarray(offset, offset + length));
}

const hex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * An event of any kind: `sched_switch: prev_comm=node prev_pid=218 ...`, field by field. The kernel's own
 * wording follows a print format of each event, which is C; text written into the trace (`print`) is shown as
 * it is.
 */
export function renderFields(event: EventFormat, record: Uint8Array): string {
  if (event.name === 'print') {
    const text = event.fields.find((field) => field.name === 'buf');
    if (text !== undefined) return valueText(record, text).trimEnd();
  }
  const values = event.fields.map((field) => `${field.name}=${valueText(record, field)}`);
  return [`${event.name}:`, ...values].join(' ');
}

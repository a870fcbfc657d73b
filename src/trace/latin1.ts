/** At most this many arguments to a call. */
const PIECE = 8192;

/**
 * Text with one character for each byte. (A TextDecoder's latin1 is another table: windows-1252.) Without a
 * loop over the bytes: V8 would optimise it while a filter runs, which costs the filter more than its names.
 */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return text;
}

/** The bytes of such a text; what is no byte becomes one. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

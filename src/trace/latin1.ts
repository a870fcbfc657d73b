/**
 * Text with one character for each byte. (A TextDecoder's latin1 is another table: windows-1252.) Not by a loop
 * over the bytes: V8 would optimise it while a filter runs, which costs the filter more than its names.
 */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** The bytes of such a text; what is no byte becomes one. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

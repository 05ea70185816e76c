/** CRC-32, as Python's `zlib.crc32`: browsers offer better sums to secure pages only. */

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The checksum of bytes; `before` is that of what stands in front of them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (let at = 0; at < bytes.length; at++) value = TABLE[(value ^ bytes[at]) & 0xff] ^ (value >>> 8);
  return ~value >>> 0;
}

/** The checksum of the first bytes of a file, read a piece at a time. */
export async function checksumOf(file: Blob, length: number, piece: number, signal: AbortSignal): Promise<number> {
  let value = 0;
  for (let at = 0; at < length; at += piece) {
    signal.throwIfAborted();
    value = crc32(await bytesOf(file, at, Math.min(length, at + piece)), value);
  }
  return value;
}

export async function bytesOf(file: Blob, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.slice(from, to).arrayBuffer());
}

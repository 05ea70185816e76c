import { expect, it } from "vitest";
import { checksumOf, crc32 } from "./checksum";
import { fileOf } from "./fixture";

const bytes = (text: string) => new TextEncoder().encode(text);

it("is that of zlib, whole or piece by piece", async () => {
  expect(crc32(bytes("123456789"))).toBe(0xcbf43926);
  expect(crc32(bytes(""))).toBe(0);
  expect(crc32(bytes("6789"), crc32(bytes("12345")))).toBe(0xcbf43926);
  const file = fileOf("a.tif", 10_000, 3);
  const whole = crc32(new Uint8Array(await file.arrayBuffer()));
  expect(await checksumOf(file, 10_000, 3_000, new AbortController().signal)).toBe(whole);
  expect(await checksumOf(file, 0, 3_000, new AbortController().signal)).toBe(0);
});

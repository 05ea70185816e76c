import { three } from "./numbers";

/** Bytes: `412345678` -> `412 MB`, `12638255104` -> `12.6 GB`. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [size, unit] = [value, 0];
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${three(size)} ${units[unit]}`;
}

/** Numbers as they are read: three significant digits, thin spaces in thousands, units beside them. */

const THIN_SPACE = "\u2009";

/** `41288.73` -> `41 300`; `0.9134` -> `0.913`; anything that is not a number -> an en dash. */
export function three(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Number(value.toPrecision(3));
  return group(digits > 0 ? String(rounded) : String(Math.round(rounded)));
}

/** A count with its thousands apart. */
export function count(value: number): string {
  return group(String(Math.round(value)));
}

/** `75` -> `1 min 15 s`: at most two units, seconds whole. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
  const minutes = Math.round(s / 60);
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

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

/** `48` -> `48 h`; nothing where no time is known. */
export function timeText(hours: number): string {
  return Number.isFinite(hours) ? `${Number(hours.toPrecision(6))} h` : "";
}

function group(digits: string): string {
  const [whole, rest] = digits.split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
  return rest === undefined ? spaced : `${spaced}.${rest}`;
}

/** What speaks against an image, as sentences. */
import { three } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import type { ReviewItem } from "./course";

/** One a flag, worst first, with the numbers it was decided by where they are known. */
export function sentences({ flags, numbers, reason }: ReviewItem, t: Translate): string[] {
  const known: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(numbers)) if (Number.isFinite(value)) known[name] = three(value);
  for (const share of ["frame", "edge"]) {
    const value = numbers[`${share}_share`];
    if (Number.isFinite(value)) known[`${share}_percent`] = three(100 * value);
  }
  if (reason) known.reason = reason;
  return flags.map((flag) => {
    const [plain, told] = [`review.flag.${flag}`, `review.flag.${flag}.told`];
    const needed = [...t(told).matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    if (needed.length > 0 && needed.every((name) => name in known)) return t(told, known);
    const words = t(plain);
    return words === plain ? flag.replaceAll("_", " ") : words; // a flag may be newer than these words
  });
}

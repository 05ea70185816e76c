/** What speaks against an image, as sentences. */
import { three } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import type { ReviewItem } from "./course";

/** One a flag, worst first, with the numbers it was decided by where they are known. */
export function sentences({ flags, numbers }: ReviewItem, t: Translate): string[] {
  const known: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(numbers)) if (Number.isFinite(value)) known[name] = three(value);
  if (Number.isFinite(numbers.frame_share)) known.frame_percent = three(100 * numbers.frame_share);
  return flags.map((flag) => {
    const key = `review.flag.${flag}`;
    const [plain, told] = [t(key), t(`${key}.told`, known)];
    if (plain === key) return flag.replaceAll("_", " "); // one that is newer than these words
    return told === `${key}.told` || told.includes("{") ? plain : told;
  });
}

/** Words that the bar and its forms share. */
import type { Frame } from "../../shared/frame";
import { count } from "../../shared/numbers";

export function imagesText({ t }: Pick<Frame, "t">, n: number): string {
  return t("act.n", { n, count: count(n) });
}

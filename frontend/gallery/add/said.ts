/** What stands beside a file: how far it is, or what does not fit. */
import type { Translate } from "../../shared/strings";
import type { Item } from "./batch";
import type { Said } from "./table";
import type { Mark, Row } from "./wire";

export function saidOfItem(item: Item, row: Row | null, t: Translate): Said {
  switch (item.state) {
    case "refused":
    case "failed": return { text: item.reason, tone: "warning" };
    case "known": return { text: item.storedAs ? t("add.state_known_as", { name: item.storedAs }) : t("add.state_known"), tone: "plain" };
    case "stored": return { text: item.storedAs ? t("add.state_stored_as", { name: item.storedAs }) : t("add.state_stored"), tone: "good" };
    case "sending": return { text: percent(item), tone: "plain" };
    case "checking": return { text: t("add.state_checking"), tone: "plain" };
    case "waiting": return saidOfWaiting(item, row, t);
  } // prettier-ignore
}

export function saidOfRow(row: Row, t: Translate): Said {
  const [, , , , , , , mark, detail] = row;
  return saidOfMark(mark, detail, t) ?? { text: t("add.state_new"), tone: "plain" };
}

function saidOfWaiting(item: Item, row: Row | null, t: Translate): Said {
  const marked = row === null ? null : saidOfMark(row[7], row[8], t);
  if (marked?.tone === "warning") return marked;
  if (item.nameTaken) return { text: t("add.state_name_taken", { name: item.storedAs }), tone: "warning" };
  if (item.storedAs) return { text: t("add.state_keeps", { name: item.storedAs }), tone: "plain" };
  if (item.have > 0) return { text: t("add.state_partly", { percent: percent(item) }), tone: "plain" };
  return marked ?? { text: t("add.state_new"), tone: "plain" };
}

function saidOfMark(mark: Mark, detail: string, t: Translate): Said | null {
  switch (mark) {
    case "unparsed": return { text: t("add.mark_unparsed"), tone: "plain" };
    case "duplicate": return { text: t("add.mark_duplicate"), tone: "warning" };
    case "taken": return { text: t("add.mark_taken", { name: detail }), tone: "warning" };
    case "known": return { text: t("add.state_known"), tone: "plain" };
    case "": return null;
  } // prettier-ignore
}

function percent({ have, file }: Item): string {
  return `${Math.floor((100 * have) / Math.max(1, file.size))} %`;
}

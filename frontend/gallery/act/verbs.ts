/** What can be done with the selected images: the order of the bar, and the keys of some. */
export const VERBS = ["segment", "tag", "metadata", "approve", "exclude", "export", "delete"] as const;
export type Verb = (typeof VERBS)[number];

/** Their forms offer what the kernel knows. */
export const OFFERED: readonly Verb[] = ["segment", "tag", "metadata", "export"];

/** More images than this are not approved without asking. */
export const MANY = 100;

/** As the tooltips show them; what the keys do stands in `../keys`. */
export const SHORTCUTS: Partial<Record<Verb, string>> = { tag: "T", approve: "A", exclude: "X" };

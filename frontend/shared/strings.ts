/** The interface's words: keys of `widgets/strings/en.json`, which the kernel sends in the trait `strings`. */

export type Vars = Record<string, string | number>;
export type Translate = (key: string, vars?: Vars) => string;

/**
 * Makes the translator of a dictionary of flat keys ("common.retry").
 *
 * `{name}` in a text is replaced by `vars.name`. A text that depends on a number has the forms "key.one" and
 * "key.other" and is chosen by `vars.n`. A key that is missing shows itself, so that a test and a reader find it.
 */
export function translator(dictionary: Record<string, string>): Translate {
  const plural = new Intl.PluralRules("en");
  return (key, vars = {}) => {
    const counted = typeof vars.n === "number" ? dictionary[`${key}.${plural.select(vars.n)}`] : undefined;
    const text = counted ?? dictionary[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(vars[name] ?? whole));
  };
}

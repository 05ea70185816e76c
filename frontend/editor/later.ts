/**
 * The part of the editor that is fetched after the first picture (`../shared/later.ts`), a script of its own. It shares
 * nothing with the other one but what it is given; so it holds only what needs little else.
 */

import clipping from "polygon-clipping";

import { faces } from "./outlines/faces";

const algebra = { clipping, faces };

export type Algebra = typeof algebra;
export default algebra;

/**
 * The part of the gallery that is fetched after the first screen (`../shared/later.ts`): what is seen only once a person
 * asks for it. A script of its own, with its own copy of what both parts use.
 */
import "../shared/form.css";
import "../shared/review/exclusion.css";
import "./plate/plate.css";
import "./review/review.css";
import { makeForms } from "./act/forms";
import { AddPanel } from "./add/panel";
import { PlateMode } from "./plate_mode";
import { ReviewPane } from "./review_pane";

const parts = { AddPanel, PlateMode, ReviewPane, makeForms };

export type Later = typeof parts;
export default parts;

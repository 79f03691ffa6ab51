// The bundle of pages that need nothing beyond what every page has.
import "./parts/page.js";

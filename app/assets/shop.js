// The bundle of a shop's pages: what every page has, and charts where a page brings uPlot along.
import "./parts/page.js";
import { drawCharts } from "./parts/chart.js";

document.addEventListener("DOMContentLoaded", () => drawCharts());

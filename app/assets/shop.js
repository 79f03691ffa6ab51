// The bundle of a shop's pages: what every page has, charts where a page brings uPlot along, rows and files of pieces.
import "./parts/page.js";
import { drawCharts } from "./parts/chart.js";
import { sumCounts } from "./parts/count.js";
import { growRows } from "./parts/stones.js";
import { takeScans } from "./parts/scan.js";
import { watchUploads } from "./parts/upload.js";

document.addEventListener("DOMContentLoaded", () => {
  drawCharts(); sumCounts(); growRows(); watchUploads(); takeScans();
});

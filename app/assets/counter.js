// The bundle of the counter: keyboard, scanner, one step after the other, nothing typed is lost.
import "./parts/page.js";
import { openCounter } from "./parts/counter.js";

openCounter(document.getElementById("bill"));

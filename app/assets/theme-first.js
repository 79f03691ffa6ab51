// Loaded before the page is painted, so that a dark screen never flashes white.
import { applyTheme } from "./parts/theme.js";

applyTheme();

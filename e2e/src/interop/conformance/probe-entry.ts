// Entry of the conformance probe: `node probe-entry.js`, inside a namespace.

import { runProbe } from "./probe-main.js";

runProbe();

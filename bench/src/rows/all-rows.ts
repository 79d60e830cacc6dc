// All rows of the benchmark, in the order they run: the maxima come before the rows that need them.

import { cpuCost } from "./cpu-cost.js";
import { flatHeap } from "./flat-heap.js";
import { goodput } from "./goodput.js";
import { loss } from "./loss.js";
import { manyFlows } from "./many-flows.js";
import { memory } from "./memory.js";
import { micro } from "./micro.js";
import { notYet } from "./not-yet.js";
import { roundTrip } from "./round-trip.js";
import type { Row } from "./row.js";
import { smallDatagrams } from "./small-datagrams.js";
import { startUp } from "./start-up.js";
import { userShare } from "./user-share.js";

export const ALL_ROWS: readonly Row[] = [
	goodput,
	smallDatagrams,
	loss,
	cpuCost,
	roundTrip,
	manyFlows,
	userShare,
	flatHeap,
	memory,
	startUp,
	notYet,
	micro,
];

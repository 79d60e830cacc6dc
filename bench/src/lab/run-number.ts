// Numbers the runs, so that a late datagram of one run is not taken for one of the next.

let last = 0;

export function nextRun(): number {
	last += 1;
	return last;
}

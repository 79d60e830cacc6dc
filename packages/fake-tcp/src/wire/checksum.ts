// The Internet checksum (RFC 1071) over regions of a buffer: for headers, and as the reference for native code.

/** Adds the 16-bit big-endian words of a region to `sum`; an odd last octet counts as its high half. Not folded. */
export function checksumAdd(
	view: DataView,
	start: number,
	length: number,
	sum: number,
): number {
	let total = sum;
	const end = start + length;
	let at = start;
	for (; at + 1 < end; at += 2) total += view.getUint16(at);
	if (at < end) total += view.getUint8(at) << 8;
	return total;
}

/** Folds carries until 16 bits remain. `sum` is under 2³²: enough for 64 KiB of octets and a pseudo header. */
export function checksumFold(sum: number): number {
	let folded = sum;
	while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
	return folded;
}

/** The value that goes into a header's checksum field. */
export function checksumFinish(sum: number): number {
	return ~checksumFold(sum) & 0xffff;
}

/** True when a region that contains its own checksum field sums to all ones. */
export function checksumHolds(
	view: DataView,
	start: number,
	length: number,
	pseudoSum: number,
): boolean {
	return checksumFold(checksumAdd(view, start, length, pseudoSum)) === 0xffff;
}

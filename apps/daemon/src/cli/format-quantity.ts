// Numbers for people: three significant digits, a unit, and never a width that jumps without reason.

const DECIMAL_PREFIXES = ["", "k", "M", "G", "T", "P"] as const;

/** 1,234,567 bits/s → "1.23 Mbit/s". */
export function formatBitRate(bitsPerSecond: number): string {
	return `${scaled(bitsPerSecond)}bit/s`;
}

/** Decimal units: 1,500,000 → "1.50 MB". */
export function formatBytes(bytes: number): string {
	return `${scaled(bytes)}B`;
}

/** 12,345 → "12.3 k". */
export function formatCount(count: number): string {
	return scaled(count).trimEnd();
}

/** 1234567 → "1,234,567". */
export function formatWhole(count: number): string {
	return Math.round(count).toLocaleString("en-US");
}

/** 192,000 ms → "3m 12s"; below ten seconds with a tenth. */
export function formatDuration(milliseconds: number): string {
	if (milliseconds < 9_950)
		return `${(Math.max(0, milliseconds) / 1_000).toFixed(1)}s`;
	const seconds = Math.round(milliseconds / 1_000);
	const parts = [
		[Math.floor(seconds / 86_400), "d"],
		[Math.floor(seconds / 3_600) % 24, "h"],
		[Math.floor(seconds / 60) % 60, "m"],
		[seconds % 60, "s"],
	] as const;
	const first = parts.findIndex(([amount]) => amount > 0);
	return parts
		.slice(Math.max(0, first), first + 2)
		.map(([amount, unit]) => `${amount}${unit}`)
		.join(" ");
}

function scaled(value: number): string {
	let rest = Math.max(0, value);
	let place = 0;
	// 999.5 would be written as 1000.
	while (rest >= 999.5 && place < DECIMAL_PREFIXES.length - 1) {
		rest /= 1_000;
		place += 1;
	}
	const digits = place === 0 || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
	return `${rest.toFixed(digits)} ${DECIMAL_PREFIXES[place] ?? ""}`;
}

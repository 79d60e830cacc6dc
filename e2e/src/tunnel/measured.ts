// Prints what a lab test measured, one line each, so that a run's output is also its record.

export function measured(what: string, figures: string): void {
	process.stdout.write(`    measured: ${what}: ${figures}\n`);
}

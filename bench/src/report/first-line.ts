// An error as one line for a table: daemons that fail print pages.

const MAX_CHARACTERS = 200;

export function firstLineOf(error: unknown): string {
	const text = error instanceof Error ? error.message : String(error);
	return (text.split("\n", 1)[0] ?? "").slice(0, MAX_CHARACTERS);
}

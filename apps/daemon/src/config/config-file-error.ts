// A configuration file that cannot be used, with every problem in it, as an operator is told.

export type ConfigFileErrorCode =
	| "CONFIG_FILE_UNREADABLE"
	| "CONFIG_FILE_INVALID";

export class ConfigFileError extends Error {
	readonly code: ConfigFileErrorCode;
	readonly whatToDo: string;
	/** One sentence or two each; those about a place begin with file, line and column. */
	readonly problems: readonly string[];

	constructor(
		detail: {
			readonly code: ConfigFileErrorCode;
			readonly problems: readonly string[];
			readonly whatToDo: string;
		},
		options?: ErrorOptions,
	) {
		super(detail.problems.join("\n"), options);
		this.name = "ConfigFileError";
		this.code = detail.code;
		this.problems = detail.problems;
		this.whatToDo = detail.whatToDo;
	}
}

// The levels of log lines, from the most to the least talkative.

export const LOG_LEVELS = [
	"trace",
	"debug",
	"info",
	"warn",
	"error",
	"fatal",
	"silent",
] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

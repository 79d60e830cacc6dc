// The only reader of environment variables: name, meaning, parsed value.

export interface Environment {
	/** TUNSCOPE_RUNTIME_DIR: where the record of changed host state lives. A tmpfs, so that a reboot forgets it. */
	readonly runtimeDirectory: string;
	/** TUNSCOPE_STATE_DIR: where it is remembered which TUN each tunnel of a file has; null when it does not say. */
	readonly stateDirectory: string | null;
	/** NO_COLOR (https://no-color.org): any value but the empty one asks for no colour. */
	readonly isColourUnwanted: boolean;
	/** LC_ALL, LC_MESSAGES, LANG, the first that says something: the language of sentences about anomalies. */
	readonly language: "en" | "zh-CN";
	/** PATH, for finding `ip` and `nft`. */
	readonly programSearchPath: string;
}

const DEFAULT_RUNTIME_DIRECTORY = "/run/tunscope";
/** Where Debian and Alpine keep `ip` and `nft`; a plain user's PATH does not name it. */
const ADMINISTRATION_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";

export function readEnvironment(): Environment {
	const { TUNSCOPE_RUNTIME_DIR, TUNSCOPE_STATE_DIR, NO_COLOR, PATH } =
		process.env;
	const { LC_ALL, LC_MESSAGES, LANG } = process.env;
	return {
		runtimeDirectory: TUNSCOPE_RUNTIME_DIR || DEFAULT_RUNTIME_DIRECTORY,
		stateDirectory: TUNSCOPE_STATE_DIR || null,
		isColourUnwanted: NO_COLOR !== undefined && NO_COLOR !== "",
		language: languageOf(LC_ALL || LC_MESSAGES || LANG || ""),
		programSearchPath:
			PATH === undefined || PATH === ""
				? ADMINISTRATION_PATH
				: `${PATH}:${ADMINISTRATION_PATH}`,
	};
}

/** Of a locale's name like "zh_CN.UTF-8": Chinese where it is any Chinese, English for all others. */
function languageOf(locale: string): Environment["language"] {
	return /^zh\b|^zh_/i.test(locale) ? "zh-CN" : "en";
}

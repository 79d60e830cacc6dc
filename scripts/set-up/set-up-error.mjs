// What stops a script before its work begins, as one sentence that says what to do; never a stack trace.

export class SetUpError extends Error {
	/** @param {string} sentence what is missing and what to do about it */
	constructor(sentence) {
		super(sentence);
		this.name = "SetUpError";
	}
}

/**
 * Runs a script's main function; a SetUpError becomes its sentence on standard error and exit code 1.
 * @param {string} scriptName begins the sentence
 * @param {() => Promise<number>} main resolves to the exit code
 */
export async function runScript(scriptName, main) {
	try {
		process.exitCode = await main();
	} catch (error) {
		if (!(error instanceof SetUpError)) throw error;
		console.error(`${scriptName}: ${error.message}`);
		process.exitCode = 1;
	}
}

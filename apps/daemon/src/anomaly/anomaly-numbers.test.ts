import { DROP_REASON_ROWS, ENGINE_NOTICES } from "@tunscope/fake-tcp";
import {
	ANOMALY_CODES,
	DAEMON_ANOMALY_CODES,
	NOT_ANOMALIES,
} from "@tunscope/shared/lean";
import { describe, expect, it } from "vitest";
import { CODE_BY_NUMBER } from "./anomaly-numbers.js";

const ENGINE_NAMES: readonly string[] = [
	...DROP_REASON_ROWS.map(({ name }) => name),
	...ENGINE_NOTICES,
];
const HOW_TO =
	"add it to ANOMALIES (or NOT_ANOMALIES) in packages/shared/src/anomaly/anomaly-codes.ts, its sentences to english-*.ts and chinese-*.ts there, and write docs/anomalies*.md by `npx vitest run --project tools -u`";

describe("codes of anomalies", () => {
	it.each(ENGINE_NAMES)(
		"know the engine's %s, or say why it is none",
		(name) => {
			const codes: readonly string[] = ANOMALY_CODES;
			expect(
				codes.includes(name) || name in NOT_ANOMALIES,
				`"${name}" is no code of an anomaly: ${HOW_TO}`,
			).toBe(true);
		},
	);

	it("name nothing that neither the engine nor the daemon knows", () => {
		const known = new Set([...ENGINE_NAMES, ...DAEMON_ANOMALY_CODES]);
		const names = [...ANOMALY_CODES, ...Object.keys(NOT_ANOMALIES)];
		expect(names.filter((name) => !known.has(name))).toEqual([]);
	});

	it("have one number each", () => {
		expect(new Set(ENGINE_NAMES).size).toBe(ENGINE_NAMES.length);
		const numbered = CODE_BY_NUMBER.filter((code) => code !== null);
		expect(numbered.toSorted()).toEqual([...ANOMALY_CODES].toSorted());
	});
});

import { anomalyLineSchema } from "@tunscope/shared";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { createAnomalyLines } from "../anomaly/anomaly-lines.js";
import { momentBefore } from "../anomaly/anomaly-moment.js";
import { AnomalyRing } from "../anomaly/anomaly-ring.js";
import { AnomalyOutput } from "./anomaly-output.js";

const NOW = momentBefore({ wallMs: () => 1_000, monotonicMs: () => 5 }, 0);

async function setUp(language: "en" | "zh-CN") {
	const written: string[] = [];
	const logged: string[] = [];
	const trouble = { errno: "" };
	const ring = new AnomalyRing("client_1");
	new AnomalyOutput({
		toLine: await createAnomalyLines(language),
		logger: pino({}, { write: (line: string) => void logged.push(line) }),
		write: (text) => {
			if (trouble.errno !== "")
				throw Object.assign(new Error(trouble.errno), { code: trouble.errno });
			written.push(text);
		},
	}).follow(ring);
	const happen = () =>
		ring.add([
			{
				code: "mss-by-middlebox",
				flow: null,
				count: 1,
				notKept: 0,
				firstSeen: NOW,
				lastSeen: NOW,
				packet: null,
				parameters: { mss: 536 },
			},
		]);
	return { written, logged, trouble, happen };
}

describe("--anomalies", () => {
	it.each([
		["en", "A router on the path wrote an MSS of 536 into the handshake."],
		["zh-CN", "路径上的路由器在握手中写入了 MSS 536。"],
	] as const)(
		"prints lines that fit the schema, in %s",
		async (language, happened) => {
			const { written, happen } = await setUp(language);
			happen();
			happen();
			expect(written).toHaveLength(2);
			for (const [place, line] of written.entries()) {
				expect(line).toMatch(/^\{.*\}\n$/);
				const parsed = anomalyLineSchema.parse(JSON.parse(line));
				expect(parsed).toMatchObject({
					serial: place + 1,
					tunnel: "client_1",
					text: { language, happened },
				});
			}
		},
	);

	it("says how many lines a slow reader has lost", async () => {
		const { written, logged, trouble, happen } = await setUp("en");
		trouble.errno = "EAGAIN";
		happen();
		happen();
		trouble.errno = "";
		happen();
		expect(written).toHaveLength(1);
		expect(logged.join("")).toContain("2 lines of --anomalies were lost");
	});

	it("stops printing when nobody reads any more, and says so once", async () => {
		const { written, logged, trouble, happen } = await setUp("en");
		trouble.errno = "EPIPE";
		happen();
		trouble.errno = "";
		happen();
		expect(written).toEqual([]);
		expect(logged).toHaveLength(1);
		expect(logged[0]).toContain("no longer printed");
	});
});

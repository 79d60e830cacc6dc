import { describe, expect, it } from "vitest";
import {
	ANOMALY_CATALOGUE,
	type AnomalyLanguage,
	anomalySentences,
} from "./anomaly-catalogue.js";
import {
	ANOMALIES,
	ANOMALY_CODES,
	type AnomalyCode,
	NOT_ANOMALIES,
} from "./anomaly-codes.js";

const LANGUAGES = ["en", "zh-CN"] as const satisfies AnomalyLanguage[];

function placeholders(text: string): string[] {
	return [...text.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

function placeholdersOf(language: AnomalyLanguage, code: AnomalyCode) {
	const { happened, means, whatToDo } = ANOMALY_CATALOGUE[language][code];
	return {
		happened: new Set(placeholders(happened)),
		anywhere: new Set(placeholders(happened + means + whatToDo)),
	};
}

describe.each(LANGUAGES)("the catalogue in %s", (language) => {
	const catalogue = ANOMALY_CATALOGUE[language];

	it("has sentences for every code, and for none besides", () => {
		expect(Object.keys(catalogue).toSorted()).toEqual(
			[...ANOMALY_CODES].toSorted(),
		);
		const end = language === "en" ? /[.?]$/ : /[。？]$/;
		for (const code of ANOMALY_CODES)
			for (const sentence of Object.values(catalogue[code])) {
				expect(sentence, code).toMatch(end);
				expect(sentence, code).toBe(sentence.trim());
			}
	});

	it.each(ANOMALY_CODES)("uses all parameters of %s and no others", (code) => {
		const { anywhere } = placeholdersOf(language, code);
		expect([...anywhere].toSorted()).toEqual(
			Object.keys(ANOMALIES[code].parameters).toSorted(),
		);
	});
});

describe("the two languages", () => {
	it.each(ANOMALY_CODES)(
		"say what happened in %s with the same numbers",
		(code) => {
			expect(placeholdersOf("zh-CN", code).happened).toEqual(
				placeholdersOf("en", code).happened,
			);
		},
	);

	it.each(ANOMALY_CODES)("give the same commands for %s", (code) => {
		// What an operator would copy; words in angle brackets stand for something of his.
		const commands = (text: string) =>
			[...text.matchAll(/`([^`]*)`/g)]
				.map(([, command = ""]) => command.replace(/<[^>]*>/g, "<>"))
				.toSorted();
		expect(commands(ANOMALY_CATALOGUE["zh-CN"][code].whatToDo)).toEqual(
			commands(ANOMALY_CATALOGUE.en[code].whatToDo),
		);
	});

	it("are not mixed", () => {
		for (const code of ANOMALY_CODES)
			for (const [part, sentence] of Object.entries(
				ANOMALY_CATALOGUE["zh-CN"][code],
			)) {
				expect(sentence, `${code}: ${part}`).toMatch(/\p{Script=Han}/u);
				expect(
					ANOMALY_CATALOGUE.en[code].happened,
					`${code}: ${part}`,
				).not.toMatch(/\p{Script=Han}/u);
			}
	});
});

describe("sentences with their numbers", () => {
	it("have them in place, and a word where one is not known", () => {
		const parameters = { type: 3, code: 13, reporter: "192.0.2.1" };
		expect(anomalySentences("en", "icmp-prohibited", parameters).happened).toBe(
			"A firewall at 192.0.2.1 rejects the tunnel's segments (ICMP type 3, code 13).",
		);
		expect(
			anomalySentences("zh-CN", "icmp-other", { ...parameters, reporter: null })
				.happened,
		).toContain("（未知）");
	});

	it("do not take a parameter's text for a placeholder", () => {
		const { happened } = anomalySentences("en", "tun-renamed", {
			from: "{to}",
			to: "$&",
		});
		expect(happened).toBe("Somebody renamed the TUN from {to} to $&.");
	});
});

describe("what is no anomaly", () => {
	it("has no code, and a reason", () => {
		for (const [name, reason] of Object.entries(NOT_ANOMALIES)) {
			expect(ANOMALY_CODES).not.toContain(name);
			expect(reason).toMatch(/\.$/);
		}
	});
});

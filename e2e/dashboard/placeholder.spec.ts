// The exported page in a real browser: honest text, both themes, nothing on the console, nothing from outside.

import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { type ExportServer, startExportServer } from "./export-server.js";

let server: ExportServer;

test.beforeAll(async () => {
	server = await startExportServer();
});

test.afterAll(async () => {
	await server.stop();
});

for (const colorScheme of ["light", "dark"] as const) {
	test(`says in ${colorScheme} that the dashboard is not built yet, without an error or a foreign request`, async ({
		browser,
	}, testInfo) => {
		const context = await browser.newContext({ colorScheme });
		const page = await context.newPage();
		const complaints: string[] = [];
		const foreign: string[] = [];
		page.on("console", (message) => {
			if (["error", "warning"].includes(message.type())) {
				complaints.push(message.text());
			}
		});
		page.on("pageerror", (error) => complaints.push(error.message));
		page.on("request", (request) => {
			if (!request.url().startsWith(server.origin)) foreign.push(request.url());
		});

		await page.goto(server.origin, { waitUntil: "networkidle" });
		await expect(page.getByRole("heading", { level: 1 })).toHaveText(
			"Tunscope",
		);
		await expect(page.getByText("not built yet")).toBeVisible();
		await expect(page.locator("body")).toHaveCSS(
			"background-color",
			colorScheme === "light" ? "rgb(247, 248, 249)" : "rgb(12, 15, 18)",
		);
		const accessibility = await new AxeBuilder({ page }).analyze();
		expect(accessibility.violations).toEqual([]);

		for (const width of [360, 1440]) {
			await page.setViewportSize({ width, height: 900 });
			const overflow = await page.evaluate<number>(
				"document.documentElement.scrollWidth - window.innerWidth",
			);
			expect(overflow).toBeLessThanOrEqual(0);
			await page.screenshot({
				path: testInfo.outputPath(`placeholder-${colorScheme}-${width}.png`),
			});
		}
		expect(complaints).toEqual([]);
		expect(foreign).toEqual([]);
		await context.close();
	});
}

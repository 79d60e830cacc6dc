// The shell of every page: language, fonts from the npm package (no request leaves the origin), theme by the system's choice.

import "./globals.css";
import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";

export const metadata: Metadata = {
	title: "Tunscope",
	description: "UDP through fake TCP, and what happens to it on the way.",
};

export const viewport: Viewport = {
	colorScheme: "light dark",
	themeColor: [
		{ media: "(prefers-color-scheme: light)", color: "#f7f8f9" },
		{ media: "(prefers-color-scheme: dark)", color: "#0c0f12" },
	],
};

export default function RootLayout({ children }: { children: ReactNode }) {
	return (
		<html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`}>
			<body>{children}</body>
		</html>
	);
}

// What Tunscope can do today without a dashboard: one row per command, in the order in which one meets them.

export interface WorkingCommand {
	readonly command: string;
	readonly purpose: string;
}

export const WORKING_COMMANDS: readonly WorkingCommand[] = [
	{
		command: "npm run demo",
		purpose:
			"Two hosts in network namespaces, a tunnel between them, live figures in the terminal.",
	},
	{
		command: "npx tunscope server --local 4567 --remote 127.0.0.1:51820",
		purpose: "The far end: fake TCP comes in on port 4567, UDP goes on.",
	},
	{
		command:
			"npx tunscope client --local 127.0.0.1:51821 --remote server.example:4567",
		purpose: "The near end: UDP comes in, fake TCP goes out.",
	},
];

// The configuration of one tunnel: what `tunscope client` and `tunscope server` are told, checked by zod.

import { z } from "zod";

const port = z.number().int().min(1).max(65_535);

/** Interface names: at most 15 bytes (IFNAMSIZ − 1), no slash, no white space; "" asks for the next free one. */
const interfaceName = z.string().max(15).regex(/^[^\s/:]*$/);

export const tunnelConfigSchema = z
	.object({
		/** Unique in the daemon; names the nft table and the metrics. */
		name: z.string().min(1).max(64),
		role: z.enum(["client", "server"]),
		/** Client: the UDP address to listen on. Server: address is ignored, port is the fake-TCP port. */
		listen: z.object({ address: z.string(), port }).strict(),
		/** Client: the server. Server: the UDP target. A host name or an address literal without brackets. */
		remote: z.object({ host: z.string().min(1), port }).strict(),
		tun: z
			.object({
				name: interfaceName,
				local4: z.ipv4(),
				peer4: z.ipv4(),
				local6: z.ipv6(),
				peer6: z.ipv6(),
			})
			.strict(),
		ipv4Only: z.boolean(),
		/** Contents of this file become the first data segment. */
		handshakePacketPath: z.string().min(1).optional(),
		linkMtuBytes: z.union([z.literal("auto"), z.number().int().min(576).max(65_535)]),
		oversize: z.enum(["drop", "fragment"]),
		idleTimeoutMs: z.number().int().min(1_000).max(86_400_000),
		hostSetup: z.enum(["auto", "print", "off"]),
		/** Egress (client) or ingress (server) interfaces to restrict rules to; empty means all. */
		interfaces: z.array(interfaceName.min(1)),
		onTunLost: z.enum(["recreate", "exit"]),
		maxFlows: z.number().int().min(1).max(65_536),
		wireProfile: z.enum(["default", "stock-exact"]),
	})
	.strict();

export type TunnelConfig = z.infer<typeof tunnelConfigSchema>;

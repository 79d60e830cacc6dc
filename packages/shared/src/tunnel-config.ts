// The configuration of one tunnel: what `tunscope client` and `tunscope server` are told, checked by zod.

import { z } from "zod";
import { isInterfaceName, TUNNEL_LIMITS } from "./tunnel-limits.js";

function bounded(limit: { readonly min: number; readonly max: number }) {
	return z.number().int().min(limit.min).max(limit.max);
}

const port = bounded(TUNNEL_LIMITS.port);

/** Interface names; "" asks for the next free one. */
export const interfaceNameSchema = z.string().refine(isInterfaceName);

export const tunnelConfigSchema = z
	.object({
		/** Unique in the network namespace; names the nft table and the metrics. */
		name: z
			.string()
			.min(1)
			.max(64)
			.regex(/^[A-Za-z0-9_-]+$/),
		role: z.enum(["client", "server"]),
		/** Client: the UDP address to listen on. Server: address is ignored, port is the fake-TCP port. */
		listen: z.object({ address: z.string(), port }).strict(),
		/** Client: the server. Server: the UDP target. A host name or an address literal without brackets. */
		remote: z
			.object({
				host: z.string().min(1).max(TUNNEL_LIMITS.hostBytes.max),
				port,
			})
			.strict(),
		tun: z
			.object({
				name: interfaceNameSchema,
				local4: z.ipv4(),
				peer4: z.ipv4(),
				local6: z.ipv6(),
				peer6: z.ipv6(),
			})
			.strict()
			.refine((tun) => tun.local4 !== tun.peer4 && tun.local6 !== tun.peer6, {
				message: "the TUN's local and peer addresses must differ",
			}),
		ipv4Only: z.boolean(),
		/** Contents of this file become the first data segment. */
		handshakePacketPath: z.string().min(1).optional(),
		linkMtuBytes: z.union([
			z.literal("auto"),
			bounded(TUNNEL_LIMITS.linkMtuBytes),
		]),
		oversize: z.enum(["drop", "fragment"]),
		idleTimeoutMs: bounded(TUNNEL_LIMITS.idleTimeoutMs),
		/** Client: every flow is followed by one on a new port at this age; without it, never. */
		rotateEveryMs: bounded(TUNNEL_LIMITS.rotateEveryMs).optional(),
		hostSetup: z.enum(["auto", "print", "off"]),
		/** True: a rule of ours may go into a firewall of somebody else that stops the tunnel. */
		allowForeignFirewall: z.boolean(),
		/** Egress (client) or ingress (server) interfaces to restrict rules to; empty means all. */
		interfaces: z.array(interfaceNameSchema.refine((name) => name.length > 0)),
		onTunLost: z.enum(["recreate", "exit"]),
		maxFlows: bounded(TUNNEL_LIMITS.maxFlows),
		wireProfile: z.enum(["default", "stock-exact"]),
		/** Left out: nothing is captured. */
		capture: z
			.object({
				/** Size of the ring of packets read from and written to the TUN. */
				ringBytes: bounded(TUNNEL_LIMITS.captureBytes),
				/** Longest part of each that is kept. */
				snapBytes: bounded(TUNNEL_LIMITS.captureSnapBytes),
			})
			.strict()
			.optional(),
	})
	.strict();

export type TunnelConfig = z.infer<typeof tunnelConfigSchema>;

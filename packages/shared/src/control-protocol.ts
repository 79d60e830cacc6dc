// What may be asked on an instance's control socket, and what it answers: one line of JSON each, then perhaps a stream.

import { z } from "zod";
import { CONTROL_VERSION } from "./control-version.js";
import { instanceDescriptionSchema } from "./tunnel-description.js";

const version = z.literal(CONTROL_VERSION);
const tunnelName = z.string().min(1).max(64);
/** Empty: all tunnels of the instance. */
const tunnelNames = z.array(tunnelName).max(200);

export const controlRequestSchema = z.discriminatedUnion("request", [
	z.object({ version, request: z.literal("status") }).strict(),
	/** What the capture ring of a tunnel holds, as pcapng. */
	z
		.object({
			version,
			request: z.literal("capture"),
			tunnel: tunnelName,
			/** True: and what comes later, until the viewer goes. */
			isFollowing: z.boolean(),
		})
		.strict(),
	/** The flows of these tunnels go on from new ports. */
	z
		.object({ version, request: z.literal("reconnect"), tunnels: tunnelNames })
		.strict(),
	/** What these tunnels have noticed, as far as it is kept. */
	z
		.object({
			version,
			request: z.literal("anomalies"),
			tunnels: tunnelNames,
			/** True: and what comes later, until the viewer goes. */
			isFollowing: z.boolean(),
		})
		.strict(),
]);

/** Readable whatever version the other side has, because that may be what it is about. */
const controlRefusalSchema = z.object({
	version: z.number().int(),
	kind: z.literal("error"),
	/** Left out by version 1. */
	code: z.string().optional(),
	/** One sentence, or two. */
	message: z.string(),
});

/** The first line of an answer. */
export const controlAnswerSchema = z.discriminatedUnion("kind", [
	instanceDescriptionSchema,
	controlRefusalSchema,
	/** Behind the line: a pcapng file up to the end of the connection. */
	z.object({ version, kind: z.literal("capture"), tunnel: tunnelName }),
	z.object({
		version,
		kind: z.literal("reconnect"),
		tunnels: z.array(
			z.object({
				name: tunnelName,
				/** A server's flows are its clients' to begin. */
				outcome: z.enum(["begun", "is-server", "not-running"]),
			}),
		),
	}),
	/** Behind the line: an `AnomalyEvent` a line, up to the end of the connection. */
	z.object({ version, kind: z.literal("anomalies") }),
]);

export type ControlAnswer = z.infer<typeof controlAnswerSchema>;
export type ControlRequest = z.infer<typeof controlRequestSchema>;

// The honest placeholder: no sample figures, no controls that do nothing, only the commands that work.

import { WORKING_COMMANDS } from "./working-commands";

export function NotBuiltYet() {
	return (
		<main>
			<h1>Tunscope</h1>
			<p className="lead">The dashboard is not built yet.</p>
			<p>
				The tunnel works without it. Run these commands as root in a built clone
				of the repository. On a terminal, <code>client</code> and{" "}
				<code>server</code> show state, flows, rates and drops by reason on one
				screen.
			</p>
			<section aria-labelledby="working">
				<h2 id="working">What works today</h2>
				<dl>
					{WORKING_COMMANDS.map((row) => (
						<div key={row.command}>
							<dt>
								<code>{row.command}</code>
							</dt>
							<dd>{row.purpose}</dd>
						</div>
					))}
				</dl>
			</section>
		</main>
	);
}

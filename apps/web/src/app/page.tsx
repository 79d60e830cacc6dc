// The only page for now: says that the dashboard is not built yet and what works without it.

import { NotBuiltYet } from "../features/placeholder/not-built-yet";

export default function HomePage() {
	return <NotBuiltYet />;
}

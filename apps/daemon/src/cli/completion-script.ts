// Writes a bash completion script from the option table, so that it can never know other options than the command.

import type { Command, Help } from "commander";
import {
	type CompletableValue,
	valueOfArgument,
	valueOfOption,
} from "./option-values.js";

/** For bash 4.4 and newer, with or without the bash-completion package. */
export function bashCompletionScript(program: Command): string {
	const help = program.createHelp();
	const name = program.name();
	const commands = help.visibleCommands(program);
	const names = commands.map((command) => command.name());
	const scopes = [program, ...commands];
	return `# bash completion for ${name}, made by \`${name} completion bash\`
_${name}() {
	local cur=\${COMP_WORDS[COMP_CWORD]} prev='' command='' index values='' words=''
	COMPREPLY=()
	((COMP_CWORD > 0)) && prev=\${COMP_WORDS[COMP_CWORD - 1]}
	# bash takes "--option=value" for three words.
	if [[ $cur == '=' ]]; then
		cur=''
	elif [[ $prev == '=' ]] && ((COMP_CWORD > 1)); then
		prev=\${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for ((index = 1; index < COMP_CWORD; index++)); do
		case \${COMP_WORDS[index]} in
		${names.join(" | ")})
			command=\${COMP_WORDS[index]}
			break
			;;
		esac
	done
	case $command:$prev in
${scopes.flatMap((scope) => optionCases(scope, scope === program ? "" : scope.name(), help)).join("\n")}
	esac
	if [[ -z $values ]]; then
		case $command in
${scopes.map((scope) => scopeCase(scope, { isProgram: scope === program, names, help })).join("\n")}
		esac
		[[ $cur == -* ]] && values=words
	fi
	case $values in
	files)
		compopt -o filenames 2>/dev/null || :
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	interfaces)
		[[ -d /sys/class/net ]] && words=$(cd /sys/class/net && printf '%s ' *)
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		;;
	words)
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		;;
	esac
}
complete -F _${name} ${name}
`;
}

/** One case per option that takes a value. */
function optionCases(
	scope: Command,
	commandName: string,
	help: Help,
): readonly string[] {
	return help.visibleOptions(scope).flatMap((option) => {
		const value = valueOfOption(option);
		if (value === null) return [];
		const pattern = [option.short, option.long]
			.filter((flag) => flag !== undefined && flag !== null)
			.map((flag) => `${commandName}:${flag}`)
			.join(" | ");
		return [`	${pattern}) ${assignmentOf(value)} ;;`];
	});
}

/** What may stand where no option's value is due. */
function scopeCase(
	scope: Command,
	parts: {
		readonly isProgram: boolean;
		readonly names: readonly string[];
		readonly help: Help;
	},
): string {
	const { isProgram, names, help } = parts;
	const options = help
		.visibleOptions(scope)
		.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
	const pattern = isProgram ? "''" : scope.name();
	const assignment = isProgram
		? assignmentOf({ kind: "words", words: names })
		: argumentAssignment(scope, names);
	return `		${pattern})
			${assignment}
			[[ $cur == -* ]] && words='${options.join(" ")}'
			;;`;
}

function argumentAssignment(scope: Command, names: readonly string[]): string {
	if (scope.name() === "help")
		return assignmentOf({ kind: "words", words: names });
	const [argument] = scope.registeredArguments;
	return assignmentOf(
		argument === undefined ? { kind: "free" } : valueOfArgument(argument),
	);
}

function assignmentOf(value: CompletableValue): string {
	return value.kind === "words"
		? `values=words words='${value.words.join(" ")}'`
		: `values=${value.kind}`;
}

// SPDX-License-Identifier: Apache-2.0
import { Argument, Command } from 'commander'
import { run } from './run.ts'
import type { Surroundings } from './surroundings.ts'

const shells = ['bash', 'zsh', 'fish'] as const

/** A command and what may be written behind it. */
interface Known {
  name: string
  description: string
  options: { flags: string[]; description: string }[]
}

/** `teu-registry completion`: a script that knows the commands of `program` and their flags. @internal */
export function completionCommand(program: Command, around: Surroundings): Command {
  return new Command('completion')
    .description('Print a script that completes commands and flags in a shell.')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  source <(teu-registry completion bash)
  teu-registry completion zsh > "\${fpath[1]}/_teu-registry"
  teu-registry completion fish > ~/.config/fish/completions/teu-registry.fish`,
    )
    .action((shell: (typeof shells)[number]) =>
      run(around, async () => {
        const known = program.commands.map(knownOf)
        around.stdout.write({ bash: bashScript, zsh: zshScript, fish: fishScript }[shell](known))
      }),
    )
}

function knownOf(command: Command): Known {
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ short, long, description }) => ({ flags: [short, long].filter((flag) => flag != null), description }))
  const help = { flags: ['--help'], description: 'print this and exit' }
  return { name: command.name(), description: firstSentence(command.description()), options: [...options, help] }
}

function firstSentence(text: string): string {
  return text.split(/[.:;](?:\s|$)/, 1)[0] as string
}

function bashScript(known: readonly Known[]): string {
  const cases = known
    .map(({ name, options }) => `    ${name}) words='${options.flatMap(({ flags }) => flags).join(' ')}' ;;`)
    .join('\n')
  return `_teu_registry() {
  local words='' current=\${COMP_WORDS[COMP_CWORD]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${known.map(({ name }) => name).join(' ')}' -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases}
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _teu_registry teu-registry
`
}

/** What ends a text in quotes or a description does not belong into one. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''").replace(/[[\]]/g, '')}'`
}

function zshScript(known: readonly Known[]): string {
  const commands = known.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join('\n')
  const cases = known
    .map(({ name, options }) => {
      const lines = options.flatMap(({ flags, description }) =>
        flags.map((flag) => `        '${flag}[${quoted(description).slice(1, -1)}]'`),
      )
      return `      ${name}) _arguments \\\n${lines.join(' \\\n')} \\\n        '*:file:_files' ;;`
    })
    .join('\n')
  return `#compdef teu-registry
_teu_registry() {
  local -a commands
  commands=(
${commands}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
  else
    case $words[2] in
${cases}
    esac
  fi
}
compdef _teu_registry teu-registry
`
}

function fishScript(known: readonly Known[]): string {
  const first = known.map(
    ({ name, description }) =>
      `complete -c teu-registry -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
  )
  const flags = known.flatMap(({ name, options }) =>
    options.flatMap(({ flags, description }) =>
      flags.map((flag) => {
        const kind = flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
        return `complete -c teu-registry -n '__fish_seen_subcommand_from ${name}' ${kind} -d ${quoted(description)}`
      }),
    ),
  )
  return `${[...first, ...flags].join('\n')}\n`
}

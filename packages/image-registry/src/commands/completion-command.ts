// SPDX-License-Identifier: Apache-2.0
import { Argument, Command } from 'commander'
import { run } from './run.ts'
import type { Surroundings } from './surroundings.ts'

const shells = ['bash', 'zsh', 'fish'] as const

/** A command and what may be written behind it. */
interface Known {
  name: string
  description: string
  options: KnownOption[]
  /** What its first argument is one of; empty when that may be anything. */
  words: readonly string[]
}

interface KnownOption {
  flags: string[]
  description: string
  takesValue: boolean
  /** What its value is one of; empty when that may be anything. */
  choices: readonly string[]
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
    .map(({ short, long, description, required, optional, argChoices = [] }) => ({
      flags: [short, long].filter((flag) => flag != null),
      takesValue: required || optional,
      choices: argChoices,
      description,
    }))
  const help = { flags: ['--help'], description: 'print this and exit', takesValue: false, choices: [] }
  return {
    name: command.name(),
    description: firstSentence(command.description()),
    options: [...options, help],
    words: command.registeredArguments[0]?.argChoices ?? [],
  }
}

function firstSentence(text: string): string {
  return text.split(/[.:;](?:\s|$)/, 1)[0] as string
}

function bashScript(known: readonly Known[]): string {
  const cases = known.map(({ name, options, words }) => {
    const values = options
      .filter(({ choices }) => choices.length > 0)
      .map(({ flags, choices }) => `\n        ${flags.join(' | ')}) choices='${choices.join(' ')}' ;;`)
    const flags = options.flatMap((option) => option.flags).join(' ')
    return `    ${name})
      flags='${flags}' words='${words.join(' ')}'
      case \${COMP_WORDS[COMP_CWORD - 1]} in${values.join('')}
        *) ;;
      esac
      ;;`
  })
  return `_teu_registry() {
  local flags='' words='' choices='' current=\${COMP_WORDS[COMP_CWORD]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${known.map(({ name }) => name).join(' ')}' -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  case "$choices:$current" in
    ?*:*) COMPREPLY=($(compgen -W "$choices" -- "$current")) ;;
    :-*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")); [ -n "$words" ] || COMPREPLY=($(compgen -f -- "$current")) ;;
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
  const valueSpec = ({ takesValue, choices }: KnownOption) =>
    choices.length > 0 ? `:value:(${choices.join(' ')})` : takesValue ? ':value:_files' : ''
  const cases = known.map(({ name, options, words }) => {
    const lines = options.flatMap((option) =>
      option.flags.map((flag) => `        '${flag}[${quoted(option.description).slice(1, -1)}]${valueSpec(option)}'`),
    )
    const rest = words.length > 0 ? `*:word:(${words.join(' ')})` : '*:file:_files'
    return `      ${name}) shift words; (( CURRENT-- )); _arguments \\\n${lines.join(' \\\n')} \\\n        '${rest}' ;;`
  })
  // A file that is found by its name is itself the function, the first time.
  return `#compdef teu-registry
_teu-registry() {
  local -a commands
  commands=(
${commands}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
  else
    case $words[2] in
${cases.join('\n')}
    esac
  fi
}
if [ "$funcstack[1]" = _teu-registry ]; then
  _teu-registry "$@"
else
  compdef _teu-registry teu-registry
fi
`
}

function fishScript(known: readonly Known[]): string {
  const first = known.map(
    ({ name, description }) =>
      `complete -c teu-registry -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
  )
  const rest = known.flatMap(({ name, options, words }) => {
    const when = `complete -c teu-registry -n '__fish_seen_subcommand_from ${name}'`
    const flags = options.flatMap((option) => {
      const value = option.choices.length > 0 ? ` -xa '${option.choices.join(' ')}'` : option.takesValue ? ' -r' : ''
      return option.flags.map((flag) => {
        const kind = flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
        return `${when} ${kind}${value} -d ${quoted(option.description)}`
      })
    })
    return words.length > 0 ? [...flags, `${when} -f -a '${words.join(' ')}'`] : flags
  })
  return `${[...first, ...rest].join('\n')}\n`
}

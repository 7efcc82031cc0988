// SPDX-License-Identifier: Apache-2.0
import type { Command, OptionHelp } from './command.ts'

/** The help of one command. @internal */
export function commandHelp(command: Command): string {
  return [
    'NAME:',
    `   teu-runtime ${command.name} - ${command.summary}`,
    '',
    'USAGE:',
    `   teu-runtime ${command.name} ${command.usage}`,
    ...optionLines('OPTIONS:', command.options),
    '',
  ].join('\n')
}

/** The help of the program. @internal */
export function programHelp(
  version: string,
  commands: readonly (readonly [name: string, summary: string])[],
  options: Readonly<Record<string, OptionHelp>>,
): string {
  const width = Math.max(...commands.map(([name]) => name.length))
  return [
    'NAME:',
    '   teu-runtime - Open Container Initiative runtime',
    '',
    'USAGE:',
    '   teu-runtime [global options] command [command options] [arguments...]',
    '',
    'VERSION:',
    ...version.split('\n').map((line) => `   ${line}`),
    '',
    'COMMANDS:',
    ...commands.map(([name, summary]) => `   ${name.padEnd(width)}  ${summary}`),
    ...optionLines('GLOBAL OPTIONS:', options),
    '',
  ].join('\n')
}

function optionLines(title: string, options: Readonly<Record<string, OptionHelp>>): string[] {
  const rows = Object.entries(options).map(([name, { type, short, help }]): [string, string] => {
    const value = type === 'string' ? ' value' : ''
    const names = short === undefined ? `--${name}${value}` : `--${name}${value}, -${short}${value}`
    return [names, help]
  })
  if (rows.length === 0) return []
  const width = Math.max(...rows.map(([names]) => names.length))
  return ['', title, ...rows.map(([names, help]) => `   ${names.padEnd(width)}  ${help}`)]
}

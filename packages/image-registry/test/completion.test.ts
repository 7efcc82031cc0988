// SPDX-License-Identifier: Apache-2.0
// Completion in the shells themselves: what the tab key makes of a line.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawn } from '@lydell/node-pty'

const program = path.resolve(import.meta.dirname, '../src/bin/teu-registry.ts')
const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

const isThere = (shell: Shell) => spawnSync(shell, ['--version']).status === 0

let directory: string
const scriptOf = (shell: Shell) => path.join(directory, shell === 'zsh' ? '_teu-registry' : `teu-registry.${shell}`)

before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'teu-completion-'))
  for (const shell of shells) {
    const argv = ['--conditions=teu-source', program, 'completion', shell]
    writeFileSync(scriptOf(shell), execFileSync(process.execPath, argv))
  }
})

after(() => rmSync(directory, { recursive: true, force: true }))

/** How each shell is begun, and told of completions. */
const beginnings: Record<Shell, { argv: string[]; say: () => string }> = {
  bash: {
    argv: ['--norc', '--noprofile', '-i'],
    say: () => `bind 'set bell-style none'; bind 'set show-all-if-ambiguous on'; source ${scriptOf('bash')}`,
  },
  // Found in a folder of functions, as the help of the command has it.
  zsh: {
    argv: ['-f', '-i'],
    say: () => `fpath=(${directory} $fpath); autoload -Uz compinit; compinit -D -u; unsetopt beep; PS1='%% '`,
  },
  fish: {
    argv: ['--no-config', '-i'],
    say: () => `source ${scriptOf('fish')}; set -g fish_autosuggestion_enabled 0`,
  },
}

/** What a shell shows after `line` and the tab key. */
async function tab(shell: Shell, line: string, expected: RegExp): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory, TERM: 'xterm' }
  const pty = spawn(shell, beginnings[shell].argv, { cols: 200, rows: 50, env, cwd: directory })
  let screen = ''
  pty.onData((text) => {
    screen += text
  })
  const shows = async (pattern: RegExp) => {
    for (let waited = 0; !pattern.test(screen); waited += 20) {
      assert.ok(waited < 10_000, `${shell} never showed ${pattern} for ${line}: ${JSON.stringify(screen)}`)
      await sleep(20)
    }
  }
  try {
    pty.write(`${beginnings[shell].say()}; echo rea''dy\r`)
    await shows(/ready/)
    await sleep(200)
    screen = ''
    pty.write(`${line}\t`)
    await shows(expected)
  } finally {
    pty.kill('SIGKILL')
  }
}

for (const shell of shells)
  suite(`completion in ${shell}`, { skip: isThere(shell) ? false : `${shell} is not installed` }, () => {
    test('commands', () => tab(shell, 'teu-registry fs', /fsck/))
    test('several commands', () => tab(shell, 'teu-registry co', /comp(letion)?[\s\S]*copy|copy[\s\S]*completion/))
    test('flags of a command', () => tab(shell, 'teu-registry copy --plat', /--platform/))
    test('what a flag may be', () => tab(shell, 'teu-registry push --compression zs', /zstd/))
    test('what an argument may be', () => tab(shell, 'teu-registry completion fi', /fish/))
    test('files', () => tab(shell, 'teu-registry push _teu', /_teu-registry/))
  })

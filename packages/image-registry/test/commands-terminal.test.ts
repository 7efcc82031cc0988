// SPDX-License-Identifier: Apache-2.0
// The program on a terminal: what somebody sees who waits.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawn } from '@lydell/node-pty'
import { appendLayer, emptyImage, layerFromEntries } from '@teu/image-registry/image'
import { writeLayout } from '@teu/image-registry/layout'
import { createRegistry, type Registry } from '@teu/image-registry/server'

const program = path.resolve(import.meta.dirname, '../src/bin/teu-registry.ts')
const size = 12_000_000
/** What goes up over what was drawn, and clears it. */
const erased = '\\r?\\u001b\\[(\\d+)A\\u001b\\[J'
let directory: string
let registry: Registry

before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'teu-terminal-'))
  registry = await createRegistry({ faults: [{ on: { kind: 'upload' }, do: 'slow', bytesPerSecond: 8e6, times: 100 }] })
  let image = emptyImage()
  for (const name of ['a', 'b']) {
    const entries = [{ path: name, content: randomBytes(size) }]
    image = appendLayer(image, await layerFromEntries(entries, { compression: 'none' }))
  }
  await writeLayout(path.join(directory, 'layout'), [image], { name: 'v1' })
})

after(async () => {
  await registry.close(0)
  await rm(directory, { recursive: true, force: true })
})

/** Runs the program on a terminal; `onScreen` is called with all it has shown whenever that becomes more. */
async function run(
  argv: readonly string[],
  cols: number,
  onScreen: (screen: string, type: (text: string) => void) => void,
) {
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', TERM: 'xterm' }
  const pty = spawn(process.execPath, ['--conditions=teu-source', program, ...argv], { cols, rows: 24, env })
  let screen = ''
  pty.onData((text) => {
    screen += text
    onScreen(screen, (typed) => pty.write(typed))
  })
  const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => pty.onExit(resolve))
  // The last of it may come after the end.
  await sleep(50)
  return { exitCode, screen }
}

/** What is left on the screen: a line feed begins a line, and what was erased is gone. */
function leftOn(screen: string): string[] {
  let lines: string[] = ['']
  for (const part of screen.replaceAll('\r\n', '\n').split(new RegExp(`(${erased.replace('(', '(?:')}|\n)`))) {
    const [, up] = new RegExp(`^${erased}`).exec(part) ?? []
    if (up !== undefined) lines = [...lines.slice(0, Math.max(0, lines.length - 1 - Number(up))), '']
    else if (part === '\n') lines.push('')
    else lines[lines.length - 1] += part
  }
  return lines.filter((line) => line !== '')
}

test('bars grow while blobs move, keep to the width, and leave a line for each blob and the digest', async () => {
  const argv = ['push', path.join(directory, 'layout'), `${registry.address}/app:1`]
  const { exitCode, screen } = await run(argv, 60, () => {})
  assert.equal(exitCode, 0, screen)
  assert.match(screen, /[0-9a-f]{12} {2}\[=+ +\] {2}[\d.]+ [kM]B of 12\.0 MB/)
  assert.match(screen, /\d of 3 blobs/)
  const shares = [...screen.matchAll(/\[(=*)( *)\]/g)].map(
    ([, done = '', left = '']) => done.length / (done + left).length,
  )
  assert.ok(shares.length > 2 && Math.max(...shares) > Math.min(...shares), 'the bars grow')
  for (const line of screen.split(new RegExp(`\r\n|${erased.replace('(', '(?:')}`)))
    assert.ok(line.length <= 60 || line.startsWith('sha256:'), JSON.stringify(line))
  const left = leftOn(screen)
  assert.equal(left.filter((line) => / done$/.test(line)).length, 3)
  assert.match(left.at(-1) ?? '', /^sha256:[0-9a-f]{64}$/)
  assert.ok(!left.some((line) => line.includes('[')), left.join('\n'))
})

test('ctrl-c ends it with 130, and takes the picture away', async () => {
  let typed = false
  const argv = ['push', path.join(directory, 'layout'), `${registry.address}/other:1`]
  const { exitCode, screen } = await run(argv, 100, (shown, type) => {
    if (typed || !shown.includes('[=')) return
    typed = true
    type('\x03')
  })
  assert.equal(exitCode, 130, screen)
  assert.match(leftOn(screen).at(-1) ?? '', /teu-registry: interrupted$/)
})

test('quiet is quiet on a terminal too', async () => {
  const argv = ['push', '-q', path.join(directory, 'layout'), `${registry.address}/app:2`]
  const { exitCode, screen } = await run(argv, 80, () => {})
  assert.equal(exitCode, 0, screen)
  assert.match(screen, /^sha256:[0-9a-f]{64}\r\n$/)
})

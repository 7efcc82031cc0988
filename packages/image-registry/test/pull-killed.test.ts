// SPDX-License-Identifier: Apache-2.0
// A pull into a layout whose process is killed, again and again: the next one goes on from what is on disk.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRegistryClient, parseReference } from '@teu/image-registry/client'
import { appendLayer, emptyImage, layerFromEntries, pushSource, validateContent } from '@teu/image-registry/image'
import { openLayout } from '@teu/image-registry/layout'
import { createRegistry } from '@teu/image-registry/server'

const program = path.resolve(import.meta.dirname, '../src/bin/teu-registry.ts')
const size = 100 * 1024 * 1024
const kills = 20
/** Bytes a millisecond. */
const pace = 25_000

/** What a line may hold: what its kernels keep for a program that does not come to read is lost with the program. */
const lineHolds = 512 * 1024

/** Passes connections on, and what comes back at the pace of a fast line that holds little; counts that. */
async function meter(port: number): Promise<{ server: Server; address: string; passed: () => number }> {
  let passed = 0
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    near.pipe(far)
    far.on('data', (chunk: Buffer) => {
      passed += chunk.byteLength
      far.pause()
      const due = sleep(chunk.byteLength / pace)
      near.write(chunk, () => void due.then(() => hasRoom(near)).then(() => far.resume()))
    })
    near.on('error', () => {}).on('close', () => far.destroy())
    far.on('error', () => {}).on('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, address: `127.0.0.1:${(server.address() as { port: number }).port}`, passed: () => passed }
}

/** Waits until the other side has read what was written, but for what the line may hold. */
async function hasRoom(near: Socket): Promise<void> {
  while (!near.destroyed && (await onTheWay(near)) > lineHolds) await sleep(2)
}

/** How many bytes lie in the kernel between two sockets of this machine; none where it does not tell. */
async function onTheWay({ localPort, remotePort }: Socket): Promise<number> {
  const table = await readFile('/proc/net/tcp', 'latin1').catch(() => '')
  const hex = (port: number | undefined) => Number(port).toString(16).toUpperCase().padStart(4, '0')
  const [ours, theirs] = [hex(localPort), hex(remotePort)]
  let bytes = 0
  for (const line of table.split('\n')) {
    const [, local, remote, , queues = '0:0'] = line.trim().split(/\s+/)
    const [sent, received] = queues.split(':').map((text) => Number.parseInt(text, 16))
    if (local?.endsWith(`:${ours}`) && remote?.endsWith(`:${theirs}`)) bytes += sent ?? 0
    if (local?.endsWith(`:${theirs}`) && remote?.endsWith(`:${ours}`)) bytes += received ?? 0
  }
  return bytes
}

/** One run of the program; killed once `limit` more bytes came. */
async function pull(reference: string, layout: string, passed: () => number, limit: number): Promise<number | null> {
  const until = passed() + limit
  const argv = ['--conditions=teu-source', program, 'pull', '-q', reference, layout]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit'] })
  const watch = setInterval(() => passed() >= until && child.kill('SIGKILL'), 1)
  return new Promise((resolve) =>
    child.once('exit', (status) => {
      clearInterval(watch)
      resolve(status)
    }),
  )
}

test('twenty kills at random bytes cost no more than a tenth of the image', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-killed-'))
  const layout = path.join(directory, 'layout')
  await using registry = await createRegistry()
  await using client = createRegistryClient()
  const { server, address, passed } = await meter(Number(new URL(registry.url).port))
  try {
    const files = [{ path: 'big', content: randomBytes(size) }]
    const image = appendLayer(emptyImage(), await layerFromEntries(files, { compression: 'none' }))
    const reference = `${registry.address}/app:1`
    await client.push(parseReference(reference), image.descriptor, pushSource(image))
    const through = `${address}/app:1`
    // Where it is killed: twenty places in the order in which they are reached.
    const places = Array.from({ length: kills }, () => Math.random() * size).sort((a, b) => a - b)
    let before = 0
    let killed = 0
    for (const place of places) {
      if ((await pull(through, layout, passed, place - before)) === null) killed++
      before = place
    }
    assert.equal(await pull(through, layout, passed, Number.POSITIVE_INFINITY), 0)
    assert.ok(killed >= kills - 2, `${killed} of ${kills} were killed before they ended`)
    assert.ok(passed() <= 1.1 * size, `${passed()} bytes for ${size}`)
    assert.ok(passed() >= size)
    const opened = await openLayout(layout)
    await validateContent(await opened.load(opened.find('1')))
    assert.ok(!(await readdir(layout)).includes('.ingest'))
  } finally {
    server.close()
    await rm(directory, { recursive: true, force: true })
  }
})

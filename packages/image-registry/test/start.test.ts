// SPDX-License-Identifier: Apache-2.0
// A registry is there at once, and when it is closed nothing of it keeps the process alive.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'

/** Starts a registry by its settings, uses it, closes it, and has nothing more to do: it is not told to exit. */
const program = `
  import assert from 'node:assert/strict'
  import { createHash } from 'node:crypto'
  import { createRegistry } from '@teu/image-registry/server'
  const [kind, folder] = process.argv.slice(1)
  const busy = {
    autoCollect: { everyMs: 3_600_000 },
    metrics: true,
    debugListen: '127.0.0.1:0',
    limits: { requests: { count: 1_000, seconds: 60 } },
  }
  const settings = {
    memory: {},
    filesystem: { storage: folder },
    busy: { ...busy, storage: folder, webhooks: [{ url: 'http://127.0.0.1:1/', attempts: 2, retryDelayMs: 60_000 }] },
    cache: {},
  }
  const start = performance.now()
  const registry = await createRegistry(settings[kind])
  const took = performance.now() - start

  const content = 'a little'
  const digest = 'sha256:' + createHash('sha256').update(content).digest('hex')
  const upload = registry.url + '/v2/app/blobs/uploads/'
  const whole = await fetch(upload + '?digest=' + digest, { method: 'POST', body: content })
  assert.equal(whole.status, 201)
  const unfinished = await fetch(upload, { method: 'POST' })
  assert.equal(unfinished.status, 202)
  const part = await fetch(new URL(unfinished.headers.get('location'), registry.url), { method: 'PATCH', body: content })
  assert.equal(part.status, 202)
  const pull = async ({ url }) => assert.equal(await (await fetch(url + '/v2/app/blobs/' + digest)).text(), content)
  await pull(registry)
  if (kind === 'busy') {
    const metrics = await fetch('http://' + registry.debugAddress + '/metrics')
    assert.match(await metrics.text(), /registry/)
    await registry.collectGarbage()
  }
  if (kind === 'cache') {
    const cache = await createRegistry({ ...busy, storage: folder, proxy: { url: registry.url, freshMs: 3_600_000 } })
    await pull(cache)
    await cache.close()
  }
  await registry.close()
  console.log(took)
`

/** How long a process that closed its registry may take to end. */
const exitMs = 5_000
/** How long it may take to get there, on a machine that has much else to do. */
const patienceMs = 60_000

/** Runs the program once; how many milliseconds the registry took to start. */
async function startOnce(kind: string): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'teu-start-'))
  const argv = ['--conditions=teu-source', '--input-type=module', '-e', program, kind, folder]
  const child = spawn(process.execPath, argv, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  try {
    let text = ''
    for await (const chunk of child.stdout) {
      text += chunk
      if (!text.endsWith('\n')) continue
      clearTimeout(timer)
      timer = setTimeout(() => child.kill('SIGKILL'), exitMs)
    }
    const [status, signal] = await ended
    assert.notEqual(text, '', `${kind}: ended by ${signal ?? status} before its registry was closed`)
    assert.deepEqual([status, signal], [0, null], `${kind}: something of a closed registry keeps the process alive`)
    return Number(text)
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true })
  }
}

for (const kind of ['memory', 'filesystem', 'busy', 'cache']) {
  test(`${kind}: the process of a closed registry exits by itself`, async () => {
    await startOnce(kind)
  })
}

/** Whatever else a machine does only adds to a start, so the fastest of some is what a start costs. */
const starts = 7
const boundMs = 50

for (const kind of ['memory', 'filesystem']) {
  test(`${kind}: the first registry of a process starts within ${boundMs} ms`, async (t) => {
    const times: number[] = []
    for (let i = 0; i < starts; i++) times.push(await startOnce(kind))
    t.diagnostic(times.map((time) => time.toFixed(1)).join(', '))
    assert.ok(Math.min(...times) < boundMs, `took ${times.map((time) => time.toFixed(1)).join(', ')} ms`)
  })
}

// SPDX-License-Identifier: Apache-2.0
// Debian's ctr on our containerd, with our shim and with containerd-shim-runc-v2.
import assert from 'node:assert/strict'
import { busybox, Ctr } from './harness/ctr.ts'
import { walkLong, walkOnce, walkTerminals } from './harness/ctr-walk.ts'
import { startRegistry } from './harness/originals.ts'
import { sandboxTest, until } from './harness/sandbox.ts'
import { startOurContainerd } from './harness/stack.ts'

sandboxTest('images, content, snapshots, namespaces, plugins, leases', async (sandbox) => {
  const registry = await startRegistry(sandbox)
  const ctr = new Ctr(sandbox, await startOurContainerd(sandbox))
  assert.match(await ctr.output('version'), /Server:\s+Version: +\S+/)
  await ctr.importBusybox()
  const pulled = `${registry.address}/busybox:latest`
  await ctr.output('images', 'pull', '--plain-http', pulled)
  const images = await ctr.output('images', 'ls', '-q')
  assert.deepEqual(images.trim().split('\n').sort(), [pulled, busybox].sort())
  assert.match(await ctr.output('content', 'ls'), /sha256:[0-9a-f]{64}/)
  assert.match(await ctr.output('snapshots', 'ls'), /sha256:[0-9a-f]{64} +Committed/)
  assert.match(await ctr.output('namespaces', 'ls'), /default/)
  assert.match(await ctr.output('plugins', 'ls'), /io\.containerd\.snapshotter\.v1 +overlayfs +\S+ +ok/)
  await ctr.output('leases', 'create', '--id', 'mine')
  assert.match(await ctr.output('leases', 'ls'), /mine/)
  await ctr.output('leases', 'rm', 'mine')
  await ctr.output('images', 'push', '--plain-http', `${registry.address}/copy:latest`, pulled)
  await ctr.output('images', 'rm', '--sync', pulled, busybox)
  await until('content and snapshots are collected', async () => {
    const content = (await ctr.output('content', 'ls', '-q')).trim()
    const snapshots = (await ctr.output('snapshots', 'ls')).trim().split('\n')
    return content === '' && snapshots.length === 1
  })
})

for (const runtime of ['io.containerd.teu.v1', 'io.containerd.runc.v2']) {
  sandboxTest(`the life of a container with ${runtime}`, async (sandbox) => {
    const ctr = new Ctr(sandbox, await startOurContainerd(sandbox))
    await ctr.importBusybox()
    const stack = { flags: ['--runtime', runtime], isOurShim: runtime === 'io.containerd.teu.v1' }
    await walkOnce(ctr, stack)
    await walkLong(ctr, stack)
    await walkTerminals(ctr, stack)
  })
}

sandboxTest('events come in the order of the original', async (sandbox) => {
  const containerd = await startOurContainerd(sandbox)
  const ctr = new Ctr(sandbox, containerd)
  await ctr.importBusybox()
  const events = sandbox.daemon('events', 'ctr', ['-a', containerd.socket, 'events'])
  await until('a first event', async () => {
    await ctr.output('namespaces', 'label', 'default', 'seen=yes')
    return sandbox.log('events').includes('/namespaces/update')
  })
  await ctr.start('short', ['--rm', '--runtime', 'io.containerd.teu.v1'], ['true'])
  const topics = await until('the last event', () => {
    const seen = [...sandbox.log('events').matchAll(/ (\/\S+) \{/g)].map(([, topic]) => topic)
    return seen.includes('/containers/delete') && seen.filter((topic) => topic?.startsWith('/tasks/'))
  })
  assert.deepEqual(topics, ['/tasks/create', '/tasks/start', '/tasks/exit', '/tasks/delete'])
  await sandbox.stop(events)
})

sandboxTest('bad requests get the original codes and the daemon lives', async (sandbox) => {
  const ctr = new Ctr(sandbox, await startOurContainerd(sandbox))
  assert.match((await ctr.run(['tasks', 'kill', 'absent'])).stderr, /not found/)
  assert.match((await ctr.run(['images', 'rm', 'absent'])).stderr, /not found/)
  assert.match((await ctr.run(['-n', 'a b', 'containers', 'ls'])).stderr, /must match|invalid argument/)
  assert.match((await ctr.run(['content', 'get', 'sha256:zz'])).stderr, /invalid|not found/)
  await ctr.output('containers', 'ls')
})

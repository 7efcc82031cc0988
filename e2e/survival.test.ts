// SPDX-License-Identifier: Apache-2.0
// Daemons are killed: containers run on, no line that comes meanwhile is lost, every exit is told once.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { processesOf } from './harness/inventory.ts'
import { docker, pushArchive, startRegistry } from './harness/originals.ts'
import { type Sandbox, sandboxTest, until } from './harness/sandbox.ts'
import { startTeud, teu } from './harness/stack.ts'

/** A script that counts; `before` comes before each line. */
const counter = (before = '') =>
  `i=0; while [ $i -lt 40 ]; do i=$((i+1)); ${before}echo line $i; sleep 0.1; done; exit 17`
const allLines = Array.from({ length: 40 }, (_, index) => `line ${index + 1}\n`).join('')

async function pulled(sandbox: Sandbox, socket: string): Promise<string> {
  const { address } = await startRegistry(sandbox)
  const image = `${address}/busybox`
  assert.equal((await teu(sandbox, socket, 'pull', '-q', image)).status, 0)
  return image
}

/**
 * Starts the counter, which waits before a line until `go` is called: what a daemon has read, and has not written when it
 * is killed, is lost.
 */
async function startCounter(sandbox: Sandbox, socket: string, image: string, from: number): Promise<() => void> {
  const shared = sandbox.path('shared')
  mkdirSync(shared)
  const script = counter(`until [ $i -ne ${from} ] || [ -e /shared/go ]; do sleep 0.05; done; `)
  const run = ['run', '-d', '--name', 'box', '-v', `${shared}:/shared`, image, 'sh', '-c', script]
  const started = await teu(sandbox, socket, ...run)
  assert.equal(started.status, 0, started.stderr)
  return () => writeFileSync(`${shared}/go`, '')
}

sandboxTest('kill -9 of the daemon, and the container goes on to print', async (sandbox) => {
  const first = await startTeud(sandbox)
  const image = await pulled(sandbox, first.socket)
  const go = await startCounter(sandbox, first.socket, image, 6)
  await until('a few lines', async () => (await teu(sandbox, first.socket, 'logs', 'box')).stdout.includes('line 5\n'))
  await sandbox.stop(first.process, 'SIGKILL')
  go()
  const second = await startTeud(sandbox)
  assert.equal((await teu(sandbox, second.socket, 'logs', '-f', 'box')).stdout, allLines)
  assert.equal((await teu(sandbox, second.socket, 'wait', 'box')).stdout, '17\n')
  assert.match((await teu(sandbox, second.socket, 'ps', '-a')).stdout, /Exited \(17\)/)
  assert.equal((await teu(sandbox, second.socket, 'rm', 'box')).status, 0)
})

sandboxTest('the container prints and ends while the daemon is dead', async (sandbox) => {
  const first = await startTeud(sandbox)
  const image = await pulled(sandbox, first.socket)
  const go = await startCounter(sandbox, first.socket, image, 1)
  await sandbox.stop(first.process, 'SIGKILL')
  go()
  await new Promise((resolve) => setTimeout(resolve, 6000))
  const second = await startTeud(sandbox)
  assert.equal((await teu(sandbox, second.socket, 'wait', 'box')).stdout, '17\n')
  assert.equal((await teu(sandbox, second.socket, 'logs', 'box')).stdout, allLines)
  assert.equal((await teu(sandbox, second.socket, 'rm', 'box')).status, 0)
})

sandboxTest('kill -9 of the shim while a container prints', async (sandbox) => {
  const daemon = await startTeud(sandbox)
  const image = await pulled(sandbox, daemon.socket)
  await teu(sandbox, daemon.socket, 'run', '-d', '--name', 'box', image, 'sh', '-c', counter())
  const shim = await until('the shim', () =>
    processesOf(sandbox.id, sandbox.netns).find((line) => line.includes('containerd-shim-teu-v1')),
  )
  process.kill(Number(shim.split(/[ :]/)[1]), 'SIGKILL')
  assert.equal((await teu(sandbox, daemon.socket, 'logs', '-f', 'box')).stdout, allLines)
  assert.equal((await teu(sandbox, daemon.socket, 'wait', 'box')).stdout, '17\n')
  assert.equal((await teu(sandbox, daemon.socket, 'run', '--rm', image, 'echo', 'again')).stdout, 'again\n')
  assert.equal((await teu(sandbox, daemon.socket, 'rm', 'box')).status, 0)
})

sandboxTest('two hundred containers leave nothing', async (sandbox) => {
  const daemon = await startTeud(sandbox)
  const { address } = await startRegistry(sandbox, [])
  await pushArchive(sandbox, 'busybox', address)
  const image = `${address}/busybox`
  const once = async () => assert.equal((await docker(sandbox, daemon.socket, 'run', '--rm', image, 'true')).status, 0)
  await once()
  const before = await stock(sandbox)
  for (let round = 0; round < 200; round++) await once()
  await until('everything is as before', async () => {
    assert.deepEqual(await stock(sandbox), before)
    return true
  })
})

/** Counts of everything that a container makes and must take with it. */
async function stock(sandbox: Sandbox) {
  const count = async (command: string) => Number((await sandbox.output('sh', ['-c', `${command} | wc -l`])).trim())
  const database = (table: string) =>
    `'${process.execPath}' -e "const{DatabaseSync}=require('node:sqlite');for(const f of require('fs').globSync('${sandbox.path('teu')}/**/meta.db'))for(const r of new DatabaseSync(f,{readOnly:true}).prepare('select * from ${table}').all())console.log(r)"`
  return {
    mounts: await count('cat /proc/self/mountinfo'),
    cgroups: await count(`find /sys/fs/cgroup -path '*${sandbox.id}*' -type d`),
    links: await count('ip -o link'),
    processes: processesOf(sandbox.id, sandbox.netns).length,
    fifos: await count(`find ${sandbox.directory} -type p`),
    snapshots: await count(database('snapshots')),
    leases: await count(database('leases')),
  }
}

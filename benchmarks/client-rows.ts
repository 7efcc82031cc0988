// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type Daemon, docker } from '../e2e/harness/originals.ts'
import { type Sandbox, until } from '../e2e/harness/sandbox.ts'
import type { BenchRun, Measured } from './bench-run.ts'
import { writeLargeLayout, writeProgramsArchive } from './client-images.ts'
import { pairwise } from './measure.ts'
import { startWorker } from './worker.ts'

const mega = 1e6
const large = 1 << 30
const programs = 200 * mega
const kills = 20

interface Originals {
  /** docker-registry, with debian in it. */
  registry: string
  dockerd: Daemon
}

const names = {
  pull: 'client: pull of debian to a layout, in a process that runs',
  program: 'client: teu-registry pull of debian to a layout',
  push: 'client: push of 200 MB, compressed on the way',
  up: 'client: most memory of a push of 1 GB',
  down: 'client: most memory of a pull of 1 GB',
  killed: `client: bytes of a pull of 1 GB that is killed ${kills} times`,
}

/** The registry's client beside skopeo and docker. */
export async function clientRows(sandbox: Sandbox, { registry, dockerd }: Originals, bench: BenchRun): Promise<void> {
  await bench.row(names.pull, () => pullRow(sandbox, registry))
  await bench.row(names.program, () => programRow(sandbox, registry))
  await bench.row(names.push, () => pushRow(sandbox, dockerd))
  await bench.together([names.up, names.down, names.killed], async () => {
    const reference = `${registry}/bench/large:v1`
    const layout = sandbox.path('large')
    await writeLargeLayout(layout, large)
    // The others need what this leaves.
    const up = await mostMemory(sandbox, ['push', '-q', layout, reference])
    const limit = { unit: 'MB', original: [100], originalName: 'the limit', budget: 1 }
    await bench.row(names.up, async () => ({ ours: [up], ...limit }))
    const again = sandbox.path('large-again')
    await bench.row(names.down, async () => ({
      ours: [await mostMemory(sandbox, ['pull', '-q', reference, again])],
      ...limit,
    }))
    for (const folder of [layout, again]) rmSync(folder, { recursive: true, force: true })
    await bench.row(names.killed, async () => {
      const ours = [await bytesOfKilled(sandbox, reference)]
      return { unit: 'MB', ours, original: [large / mega], originalName: 'once', budget: 1.1 }
    })
  })
}

function skopeoPull(sandbox: Sandbox, registry: string): () => Promise<unknown> {
  const folder = sandbox.path('skopeo-layout')
  const argv = ['copy', '-q', '--insecure-policy', '--src-tls-verify=false', `docker://${registry}/debian:latest`]
  return async () => {
    rmSync(folder, { recursive: true, force: true })
    await sandbox.output('skopeo', [...argv, `oci:${folder}:latest`])
  }
}

async function pullRow(sandbox: Sandbox, registry: string): Promise<Measured> {
  const folder = sandbox.path('client-layout')
  const worker = startWorker(sandbox, 'pull-to-layout.ts', [`${registry}/debian:latest`])
  const ours = async () => {
    rmSync(folder, { recursive: true, force: true })
    await worker.work(folder)
  }
  const times = await pairwise(9, ours, skopeoPull(sandbox, registry))
  worker.end()
  return { unit: 'ms', originalName: 'skopeo', budget: 0.7, ...times }
}

async function programRow(sandbox: Sandbox, registry: string): Promise<Measured> {
  const folder = sandbox.path('program-layout')
  const ours = async () => {
    rmSync(folder, { recursive: true, force: true })
    await sandbox.output('teu-registry', ['pull', '-q', `${registry}/debian:latest`, folder])
  }
  // Without a budget: half of it is Node's start.
  return { unit: 'ms', originalName: 'skopeo', ...(await pairwise(9, ours, skopeoPull(sandbox, registry))) }
}

/** Each push goes to a registry that has never seen the image: docker remembers what it compressed for which. */
async function pushRow(sandbox: Sandbox, dockerd: Daemon): Promise<Measured> {
  const runs = 3
  const archive = sandbox.path('programs.tar')
  await writeProgramsArchive(archive, 'bench/programs:v1', programs)
  const loaded = await docker(sandbox, dockerd.socket, 'load', '-i', archive)
  if (loaded.status !== 0) throw new Error(`docker load: ${loaded.stderr}`)
  const empty: string[] = []
  for (let i = 0; i < 2 * (runs + 1); i++) empty.push(await emptyRegistry(sandbox, 5100 + i))
  const next = () => `${empty.shift()}/bench/programs:v1`
  const ours = () => sandbox.output('teu-registry', ['push', '-q', archive, next()])
  const theirs = async () => {
    const reference = next()
    await docker(sandbox, dockerd.socket, 'tag', 'bench/programs:v1', reference)
    const { status, stderr } = await docker(sandbox, dockerd.socket, 'push', '-q', reference)
    if (status !== 0) throw new Error(`docker push: ${stderr}`)
  }
  return { unit: 'ms', originalName: 'docker', budget: 0.5, ...(await pairwise(runs, ours, theirs)) }
}

async function emptyRegistry(sandbox: Sandbox, port: number): Promise<string> {
  const config = sandbox.path(`empty-${port}.yml`)
  const root = sandbox.path(`empty-${port}`)
  const address = `127.0.0.1:${port}`
  const storage = `{filesystem: {rootdirectory: ${root}}}`
  writeFileSync(config, `version: 0.1\nlog: {level: error}\nstorage: ${storage}\nhttp: {addr: '${address}'}\n`)
  sandbox.daemon(`empty-${port}`, 'docker-registry', ['serve', config])
  const url = `http://${address}/v2/`
  await until(`${url} answers`, async () => (await sandbox.run('curl', ['-sf', url])).status === 0)
  return address
}

/** The most memory, in megabytes, that a command of teu-registry had resident. */
async function mostMemory(sandbox: Sandbox, argv: readonly string[]): Promise<number> {
  const child = sandbox.spawn('teu-registry', argv, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let most = 0
  while (child.exitCode === null && child.signalCode === null) {
    const [, kilobytes] = /^VmHWM:\s*(\d+)/m.exec(readProc(`${child.pid}/status`)) ?? []
    most = Math.max(most, Number(kilobytes ?? 0) / 1024)
    await delay(10)
  }
  if ((await ended) !== 0) throw new Error(`teu-registry ${argv.join(' ')} failed`)
  return most
}

/** Megabytes that came over the network until a pull which was killed again and again was done. */
async function bytesOfKilled(sandbox: Sandbox, reference: string): Promise<number> {
  const folder = sandbox.path('killed')
  const places = Array.from({ length: kills }, () => Math.random() * large).sort((a, b) => a - b)
  let before = 0
  let total = 0
  for (const place of [...places, Number.POSITIVE_INFINITY]) {
    const child = sandbox.spawn('teu-registry', ['pull', '-q', reference, folder], { stdio: 'ignore' })
    const start = receivedIn(sandbox)
    while (child.exitCode === null && child.signalCode === null) {
      if (receivedIn(sandbox) - start >= place - before) child.kill('SIGKILL')
      await delay(2)
    }
    total += receivedIn(sandbox) - start
    before = place
  }
  return total / mega
}

/** Bytes that went over loopback in the sandbox's network so far. */
function receivedIn(sandbox: Sandbox): number {
  const [, pid] = /^\/proc\/(\d+)\//.exec(sandbox.netns) ?? []
  return Number(/^\s*lo:\s*(\d+)/m.exec(readProc(`${pid}/net/dev`))?.[1])
}

function readProc(file: string): string {
  try {
    return readFileSync(`/proc/${file}`, 'utf8')
  } catch {
    // It may have ended.
    return ''
  }
}

// SPDX-License-Identifier: Apache-2.0
// The walk that `npm start` takes, inside namespaces of its own.
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createRegistryClient } from '@teu/image-registry/client'
import { pushSource } from '@teu/image-registry/image'
import { imagesFromLayout } from '@teu/image-registry/layout'
import { createRegistry } from '@teu/image-registry/server'
import { RouteNetlink } from '@teu/linux'
import { parseReference } from '@teu/oci-spec/distribution'
import { root } from './workspace.mjs'

const scratch = mkdtempSync('/tmp/teu-start-')
const socket = path.join(scratch, 'engine.sock')
const trace = path.join(scratch, 'spans')
const cgroup = path.basename(scratch)
const env = { ...process.env, TEU_TRACE: trace, DOCKER_HOST: `unix://${socket}` }
const bin = (name) => path.join(root, 'packages/teu/bin', `${name}.js`)

let status = 1
try {
  status = await walk()
} finally {
  for (const folder of globSync(`/sys/fs/cgroup/{,*/}${cgroup}`)) rmdirSync(folder)
  rmSync(scratch, { recursive: true, force: true })
}
process.exitCode = status

async function walk() {
  using netlink = RouteNetlink.open()
  netlink.setLink('lo', { up: true })
  await using registry = await createRegistry()
  const image = `${new URL(registry.url).host}/hello`
  await pushHello(image)
  const daemon = spawn(process.execPath, [bin('teud'), ...daemonFlags()], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = new Promise((resolve) => daemon.once('exit', resolve))
  try {
    await until(() => existsSync(socket) || daemon.exitCode !== null)
    process.stdout.write(`\n$ teu run ${image}\n`)
    const start = performance.now()
    const code = await run(bin('teu'), 'run', '--rm', image)
    report(performance.now() - start)
    return code
  } finally {
    daemon.kill('SIGTERM')
    await ended
  }
}

function daemonFlags() {
  const flags = {
    'data-root': path.join(scratch, 'data'),
    'exec-root': path.join(scratch, 'exec'),
    pidfile: path.join(scratch, 'pid'),
    host: `unix://${socket}`,
    'cgroup-parent': `/${cgroup}`,
    'log-level': 'error',
  }
  return Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])
}

/** Puts the image that the package ships into the registry. */
async function pushHello(reference) {
  const images = await imagesFromLayout(path.join(root, 'packages/teu/image'), 'docker.io/teu/hello:latest')
  const mine = images.find(({ config }) => config.architecture === { x64: 'amd64' }[process.arch] ?? process.arch)
  await using client = createRegistryClient()
  const pushed = mine ?? images[0]
  await client.push(parseReference(`${reference}:latest`), pushed.descriptor, pushSource(pushed))
}

function run(...argv) {
  const child = spawn(process.execPath, argv, { env, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

async function until(condition) {
  for (const deadline = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error('the daemon does not answer')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * What each layer did with its time. A layer's own time is the time of its spans less that of the layer below, which
 * it waited for; calls that wait for the container itself are left out.
 */
function report(total) {
  const waits = /attach|wait|events|Subscribe|\.Wait$/i
  const spans = readFileSync(trace, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ name }) => !waits.test(name))
  const layers = ['engine', 'image-registry', 'containerd', 'shim', 'runtime']
  const covered = Object.fromEntries(
    layers.map((layer) => [layer, union(spans.filter((span) => span.layer === layer))]),
  )
  const below = { engine: ['containerd', 'image-registry'], containerd: ['shim'], shim: ['runtime'] }
  process.stdout.write(`\n${'the walk took'.padEnd(16)} ${total.toFixed(0).padStart(5)} ms, of which\n`)
  const row = (name, time, count) =>
    process.stdout.write(`  ${name.padEnd(14)} ${time.toFixed(1).padStart(7)} ms${count}\n`)
  row('cli', total - length(covered.engine), '')
  for (const layer of layers) {
    const children = union((below[layer] ?? []).flatMap((name) => covered[name]))
    const calls = spans.filter((span) => span.layer === layer).length
    row(layer, length(covered[layer]) - length(intersection(covered[layer], children)), `  in ${calls} calls`)
  }
}

/** Intervals without overlap that cover the same time. */
function union(spans) {
  const sorted = spans
    .map(({ start, duration, end }) => ({ start, end: end ?? start + duration }))
    .sort((a, b) => a.start - b.start)
  const merged = []
  for (const { start, end } of sorted) {
    const last = merged.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

function intersection(some, others) {
  return some.flatMap((a) =>
    others
      .map((b) => ({ start: Math.max(a.start, b.start), end: Math.min(a.end, b.end) }))
      .filter(({ start, end }) => start < end),
  )
}

function length(intervals) {
  return intervals.reduce((sum, { start, end }) => sum + end - start, 0)
}

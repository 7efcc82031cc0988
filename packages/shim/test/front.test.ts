// SPDX-License-Identifier: Apache-2.0
// The native front against the whole program: the same answers, and Node only where it has to be.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { nativeFile } from '@teu/linux'
import { deleteWithShim, packAny, RuncOptions, runcOptions, type ShimCall, type StartReply } from '@teu/shim-api'
import { isAnswering } from '../src/bootstrap/is-answering.ts'
import type { Bundle } from './bundles.ts'
import { ShimFixture } from './shim-fixture.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
const source = join(import.meta.dirname, '../src/bin/containerd-shim-teu-v1.ts')

/** A fixture whose shim is the front, before a script that notes when it is asked, and does that before it serves. */
async function fronted(beforeServing = '') {
  const fixture = await ShimFixture.create()
  const asked = join(fixture.folder, 'asked')
  const script = join(fixture.folder, 'script.mjs')
  const note = `import { appendFileSync } from 'node:fs'\nappendFileSync('${asked}', process.argv.at(-1) + '\\n')\n`
  const isServer = "!['start', 'delete'].includes(process.argv.at(-1))"
  writeFileSync(script, `${note}if (${isServer}) { ${beforeServing} }\nawait import('${source}')\n`)
  const environment = `PATH=${dirname(process.execPath)}:$PATH NODE_OPTIONS=--conditions=teu-source`
  const write = (name: string, program: string) => {
    const path = join(fixture.folder, name)
    writeFileSync(path, `#!/bin/sh\n${environment} exec ${program} ${script} "$@"\n`, { mode: 0o755 })
    return path
  }
  const front = write('front', nativeFile('teu-shim-front'))
  const whole = write('whole', 'node')
  const count = (action: string) =>
    existsSync(asked)
      ? readFileSync(asked, 'utf8')
          .split('\n')
          .filter((line) => line === action).length
      : 0
  return { fixture, front, whole, count, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() }
}

test('a shim that runs is found without Node, and the answer is that of Node', { skip }, async () => {
  await using set = await fronted()
  const { fixture, front, whole, count } = set
  const first = await fixture.bundle({ args: ['true'] })
  const started = await fixture.start(first, { binary: front })
  assert.equal(count('start'), 0, 'not even the one that starts it')
  assert.equal(count(socketOf(started)), 1)
  const second = await fixture.bundle({ args: ['true'] })
  for (const maximumTaskVersion of [3, 2, 9, undefined]) {
    const found = await fixture.start(second, { binary: front, maximumTaskVersion })
    assert.equal(count('start'), 0, `version ${maximumTaskVersion}`)
    assert.equal(readFileSync(join(second.path, 'address'), 'utf8'), started.address)
    assert.deepEqual(found, await fixture.start(second, { binary: whole, maximumTaskVersion }))
    writeFileSync(join(fixture.folder, 'asked'), '')
  }
  assert.equal(started.serves, 'namespace')
  const task = await fixture.connect(second, { binary: front })
  await fixture.createTask(task, second)
  await task.kill({ id: second.id, execId: '', signal: 9, all: true })
  await task.wait({ id: second.id, execId: '' }, { timeoutMs: 10_000 })
  await task.delete({ id: second.id, execId: '' })
})

test('a group has a shim of its own, found without Node as well', { skip }, async () => {
  await using set = await fronted()
  const { fixture, front, whole, count } = set
  const one = await fixture.start(await fixture.bundle({ args: ['true'] }), { binary: front })
  for (const annotation of ['io.containerd.runc.v2.group', 'io.kubernetes.cri.sandbox-id']) {
    const inGroup = () => fixture.bundle({ args: ['true'], annotations: { [annotation]: `pod-${annotation.length}` } })
    const before = count('start')
    const pod = await fixture.start(await inGroup(), { binary: front })
    assert.notEqual(pod.address, one.address)
    assert.equal(pod.serves, undefined)
    const bundle = await inGroup()
    const again = await fixture.start(bundle, { binary: front })
    assert.equal(count('start'), before)
    assert.deepEqual(again, pod)
    assert.deepEqual(await fixture.start(bundle, { binary: whole }), pod)
  }
})

test('the shim of one container is found without Node as well, by who has not asked for more', { skip }, async () => {
  await using set = await fronted()
  const { fixture, front, whole, count } = set
  const bundles = [await fixture.bundle({ args: ['true'] }), await fixture.bundle({ args: ['true'] })] as const
  const foreign = { serves: undefined, binary: front }
  const [one, two] = [await fixture.start(bundles[0], foreign), await fixture.start(bundles[1], foreign)]
  assert.notEqual(one.address, two.address)
  assert.deepEqual(await fixture.start(bundles[0], foreign), one)
  assert.equal(count('start'), 0)
  assert.deepEqual(await fixture.start(bundles[0], { ...foreign, binary: whole }), one)
})

test('the server that the front starts is the one that Node starts', { skip }, async () => {
  const started = async (program: 'front' | 'whole', call: Partial<ShimCall>) => {
    await using set = await fronted()
    const { fixture, count } = set
    const bundle = await fixture.bundle({ args: ['true'] })
    // The score is the caller's, who is this shell.
    const caller = join(fixture.folder, 'caller')
    const script = `#!/bin/sh\necho 45 > /proc/$$/oom_score_adj; ${set[program]} "$@"; exit $?\n`
    writeFileSync(caller, script, { mode: 0o755 })
    const env = { NOT_PASSED_ON: '1', NODE_EXTRA_CA_CERTS: '', GRPC_ADDRESS: '/g', ...call.env }
    const reply = await fixture.start(bundle, { ...call, env, binary: caller, publishBinary: '/bin/containerd' })
    assert.equal(count('start'), program === 'front' ? 0 : 1)
    const [pid, ...others] = fixture.shims()
    assert.deepEqual(others, [])
    return { reply, ...whatIs(pid as number, fixture.folder, bundle.id) }
  }
  const options = packAny(
    runcOptions,
    RuncOptions.fromPartial({ binaryName: '/x/runc', systemdCgroup: true, ioUid: 7 }),
  )
  for (const call of [{}, { debug: true, options, maximumTaskVersion: undefined, serves: undefined }]) {
    const [ours, theirs] = [await started('front', call), await started('whole', call)]
    const plain = ({ reply, ...rest }: typeof ours) => ({ ...rest, reply: { ...reply, address: '' } })
    assert.deepEqual(plain(ours), plain(theirs))
    assert.equal(ours.oomScore, '46')
  }
})

/** All that a process has of who started it, with names in place of what differs between two folders. */
function whatIs(pid: number, folder: string, id: string) {
  const named = (text: string) =>
    text
      .replaceAll(folder, 'FOLDER')
      .replaceAll(id, 'ID')
      .replace(/[0-9a-f]{64}/, 'SOCKET')
  const read = (name: string) => named(readFileSync(`/proc/${pid}/${name}`, 'utf8'))
  const status = read('status')
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]
  const stat = read('stat')
  const [, group, session] = stat
    .slice(stat.lastIndexOf(')') + 4)
    .split(' ')
    .map(Number)
  return {
    program: readlinkSync(`/proc/${pid}/exe`),
    args: read('cmdline').split('\0').slice(1),
    environment: read('environ').split('\0').sort(),
    cwd: readlinkSync(`/proc/${pid}/cwd`),
    streams: [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)),
    umask: field('Umask'),
    blocked: field('SigBlk'),
    ignored: field('SigIgn'),
    oomScore: read('oom_score_adj').trim(),
    isLeader: group === pid && session === pid,
  }
}

test('whatever is out of the ordinary is for Node', { skip }, async () => {
  await using set = await fronted()
  const { fixture, front, count } = set
  const started = await fixture.start(await fixture.bundle({ args: ['true'] }), { binary: front })
  const cases: Record<string, (bundle: Bundle) => Parameters<ShimFixture['start']>[1]> = {
    'a container was here before': ({ path }) => {
      mkdirSync(join(path, 'teu'))
      writeFileSync(join(path, 'teu/container.json'), '{}')
      return {}
    },
    'no configuration': ({ path }) => {
      writeFileSync(join(path, 'config.json'), '{"annotations":')
      return {}
    },
    'an odd version': () => ({ env: { MAX_SHIM_VERSION: 'x' } }),
    'containerd 2.3': ({ id }) => ({ bootstrap: bootstrapOf(fixture, id) }),
    'an odd address': () => ({ address: `${fixture.folder}/.//c.sock` }),
  }
  for (const [name, prepare] of Object.entries(cases)) {
    const bundle = await fixture.bundle({ args: ['true'] })
    const before = count('start')
    const call = prepare(bundle)
    const reply = await fixture.start(bundle, { binary: front, ...call })
    assert.equal(count('start'), before + 1, name)
    assert.equal(reply.address, started.address, name)
  }
  fixture.killShims()
  await fixture.until(async () => !(await isAnswering(socketOf(started))))
  const before = count('start')
  assert.equal(
    (await fixture.start(await fixture.bundle({ args: ['true'] }), { binary: front })).address,
    started.address,
  )
  assert.equal(count('start'), before + 1, 'a shim that was killed')
})

test('a shim that is to have a cgroup or cores of its own is started by Node', { skip }, async () => {
  await using set = await fronted()
  const { fixture, front, count } = set
  const start = async (call: Partial<ShimCall>) => {
    const bundle = await fixture.bundle({ args: ['true'] })
    return fixture.start(bundle, { binary: front, serves: undefined, ...call })
  }
  const named = (shimCgroup: string) => packAny(runcOptions, RuncOptions.fromPartial({ shimCgroup }))
  await assert.rejects(start({ options: named('/nowhere/x') }), { message: /failed to load cgroup/ })
  assert.equal(count('start'), 1)
  // Whether the kernel can is another test's matter.
  await start({ env: { SCHED_CORE: '1' } }).catch(() => undefined)
  assert.equal(count('start'), 2)
  await start({ options: { typeUrl: 'runtimeoptions.v1.Options', value: new Uint8Array() } })
  assert.equal(count('start'), 3)
})

test('a server that does not come up is for Node, which says so', { skip }, async () => {
  await using set = await fronted('process.exit(3)')
  const { fixture, front, count } = set
  const message = /the shim ended before it listened/
  await assert.rejects(fixture.start(await fixture.bundle({ args: ['true'] }), { binary: front }), { message })
  assert.equal(count('start'), 1)
  assert.deepEqual(fixture.shims(), [])
})

function bootstrapOf(fixture: ShimFixture, id: string) {
  return {
    ...{ id, namespace: 'test', debug: false, containerdVersion: '2.3.0', extensions: [], socketFolder: '' },
    ...{
      ttrpcAddress: fixture.ttrpcAddress,
      grpcAddress: join(fixture.folder, 'c.sock'),
      containerdBinary: '/bin/false',
    },
  }
}

test('a folder that others can write is refused by Node, not trusted by the front', { skip }, async () => {
  await using set = await fronted()
  const { fixture, front } = set
  await fixture.start(await fixture.bundle({ args: ['true'] }), { binary: front })
  chmodSync(join(fixture.folder, 's'), 0o777)
  await assert.rejects(fixture.start(await fixture.bundle({ args: ['true'] }), { binary: front }), {
    message: /can be written by others/,
  })
  chmodSync(join(fixture.folder, 's'), 0o700)
})

test('thirty starts at once find one shim', { skip }, async () => {
  await using set = await fronted()
  const { fixture, front, count } = set
  const bundles = await Promise.all(Array.from({ length: 30 }, () => fixture.bundle({ args: ['true'] })))
  const replies = await Promise.all(bundles.map((bundle) => fixture.start(bundle, { binary: front })))
  assert.equal(new Set(replies.map(({ address }: StartReply) => address)).size, 1)
  assert.equal(count('start'), 0)
  assert.equal(count(socketOf(replies[0] as StartReply)), 1)
})

function socketOf({ address }: StartReply): string {
  return address.replace('unix://', '')
}

test('after an ordinary delete the delete action needs no Node; before one it does the work', { skip }, async () => {
  await using set = await fronted()
  const { fixture, front, whole, count } = set
  const bundle = await fixture.bundle({ args: ['sh', '-c', 'exit 3'] })
  const { id } = bundle
  const task = await fixture.connect(bundle, { binary: front })
  await fixture.createTask(task, bundle)
  await task.start({ id, execId: '' })
  await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })
  await task.delete({ id, execId: '' })
  const call = { namespace: 'test', id, bundle: bundle.path, address: join(fixture.folder, 'c.sock') }
  const answer = await deleteWithShim({ ...call, binary: front })
  assert.equal(count('delete'), 0)
  const { exitedAt, ...rest } = await deleteWithShim({ ...call, binary: whole })
  assert.deepEqual({ ...answer, exitedAt: undefined }, { ...rest, exitedAt: undefined })
  assert.ok(Math.abs(Number(answer.exitedAt?.seconds) - Number(exitedAt?.seconds)) < 60)

  const other = await fixture.bundle({ args: ['sleep', '1000'] })
  await fixture.createTask(task, other)
  await task.start({ id: other.id, execId: '' })
  const killed = await deleteWithShim({ ...call, id: other.id, bundle: other.path, binary: front })
  assert.equal(count('delete'), 2)
  assert.equal(killed.exitStatus, 137)
  assert.ok(killed.pid > 0)
})

test('a bundle with a mount on its root is unmounted by Node', { skip }, async () => {
  await using set = await fronted()
  const { fixture, front, count } = set
  const bundle = await fixture.bundle({ args: ['true'] })
  const { id } = bundle
  const task = await fixture.connect(bundle, { binary: front })
  await fixture.createTask(task, bundle)
  await task.start({ id, execId: '' })
  await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })
  await task.delete({ id, execId: '' })
  const rootfs = join(bundle.path, 'rootfs')
  execFileSync('mount', ['--bind', rootfs, rootfs])
  await deleteWithShim({
    ...{ namespace: 'test', id, bundle: bundle.path, address: join(fixture.folder, 'c.sock'), binary: front },
  })
  assert.equal(count('delete'), 1)
  assert.ok(!readFileSync('/proc/self/mounts', 'utf8').includes(rootfs))
})

test('the program on PATH finds the front through links, and starts Node without one', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const launcher = join(import.meta.dirname, '../bin/containerd-shim-teu-v1')
  const tree = join(fixture.folder, 'lib/node_modules/@teu')
  const arch = process.arch === 'x64' ? 'linux-x64' : 'linux-arm64'
  mkdirSync(join(tree, 'shim/bin'), { recursive: true })
  writeFileSync(join(tree, 'shim/bin/containerd-shim-teu-v1'), readFileSync(launcher), { mode: 0o755 })
  writeFileSync(join(tree, 'shim/bin/containerd-shim-teu-v1.js'), 'console.log("node", ...process.argv.slice(2))')
  const link = join(fixture.folder, 'linked')
  execFileSync('ln', ['-s', join(tree, 'shim/bin/containerd-shim-teu-v1'), link])
  const run = async (...args: string[]) => {
    const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` }
    return (await promisify(execFile)(link, args, { env, encoding: 'utf8' })).stdout
  }
  assert.equal(await run('-v'), 'node -v\n')
  const places = [`${arch}`, `linux/node_modules/@teu/${arch}`, `shim/node_modules/@teu/${arch}`]
  for (const [at, place] of places.entries()) {
    const folder = join(tree, place)
    // The package of @teu/linux itself lies beside the platform's, or above it.
    mkdirSync(join(tree, place.startsWith('shim') ? 'shim/node_modules/@teu/linux' : 'linux'), { recursive: true })
    mkdirSync(folder, { recursive: true })
    const program = join(folder, 'teu-shim-front')
    writeFileSync(program, '#!/bin/sh\necho front "$@"\n', { mode: 0o755 })
    assert.match(await run('-id', 'a b', 'start'), /^front .*containerd-shim-teu-v1\.js -id a b start\n$/, `${at}`)
    execFileSync('rm', ['-r', folder])
  }
  assert.equal(await run('-id', 'a b', 'start'), 'node -id a b start\n')
})

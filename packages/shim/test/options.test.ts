// SPDX-License-Identifier: Apache-2.0
// Each field of the options of runc's shim.
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { packAny, RuncOptions, runcOptions } from '@teu/shim-api'
import { testBesideOriginals } from '../../../scripts/originals.mjs'
import { chooseRuntime } from '../src/oci-runtime/choose-runtime.ts'
import type { LibraryRuntime } from '../src/oci-runtime/runtime-library.ts'
import type { Bundle } from './bundles.ts'
import { readAll } from './fifos.ts'
import { ShimFixture } from './shim-fixture.ts'
import { runtimesUnderTest } from './shims-under-test.ts'

const isRoot = process.getuid?.() === 0
const runc = '/usr/sbin/runc'
const skip = isRoot ? false : 'needs root'

const withOptions = (bundle: Bundle, options: Partial<RuncOptions>): Bundle => ({
  ...bundle,
  options: packAny(runcOptions, RuncOptions.fromPartial(options)),
})

testBesideOriginals(
  'BinaryName, Root, NoPivotRoot, NoNewKeyring and SystemdCgroup reach runc as flags',
  {
    skip,
  },
  async () => {
    await using fixture = await ShimFixture.create()
    const calls = join(fixture.folder, 'calls')
    const program = join(fixture.folder, 'my-runtime')
    // Systemd is not there to ask: the flag is noted, and left out.
    const filter = 'for word; do shift; [ "$word" = --systemd-cgroup ] || set -- "$@" "$word"; done'
    writeFileSync(program, `#!/bin/sh\necho "$@" >>${calls}\n${filter}\nexec ${runc} "$@"\n`)
    chmodSync(program, 0o755)
    const made = await fixture.bundle({ args: ['true'] })
    const root = join(fixture.folder, 'state')
    const named = { binaryName: program, root, noPivotRoot: true, noNewKeyring: true, systemdCgroup: true }
    const ignored = { criuPath: '/x', criuImagePath: '/y', criuWorkPath: '/z', taskApiAddress: 'a', taskApiVersion: 3 }
    const bundle = withOptions({ ...made, stdout: '', stderr: '' }, { ...named, ...ignored })
    const { id, path } = bundle
    const task = await fixture.connect(bundle)
    await fixture.createTask(task, bundle)
    await task.start({ id, execId: '' })
    await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })
    await task.delete({ id, execId: '' })
    const global = `--root ${root}/test --log ${path}/log.json --log-format json --systemd-cgroup`
    const create = `create --bundle ${path} --pid-file ${path}/init.pid --no-pivot --no-new-keyring ${id}`
    assert.deepEqual(readFileSync(calls, 'utf8').split('\n').slice(0, 3), [
      `${global} ${create}`,
      `${global} start ${id}`,
      `${global} delete ${id}`,
    ])
  },
)

test('the same reach a library as options', async () => {
  const inits: object[] = []
  const creates: object[] = []
  const library = (systemd: boolean) => ({
    createRuntime: (init: object) => {
      inits.push(init)
      const create = async (_id: string, { noPivot, noNewKeyring }: Record<string, unknown>) => {
        creates.push({ noPivot, noNewKeyring })
        return { pid: 1 }
      }
      return { create } as unknown as LibraryRuntime
    },
    runtimeFeatures: () => ({ linux: { cgroup: { systemd } } }),
  })
  const choose = (choice: object, systemd = true) =>
    chooseRuntime(
      { binaryName: '', root: '', systemdCgroup: false, noPivot: false, noNewKeyring: false, ...choice },
      '/bundle',
      { namespace: 'ns', path: '/bin', library: async () => library(systemd) },
    )
  const call = { id: 'c', bundle: '/bundle', execId: '', stdin: '', stdout: '', stderr: '', terminal: false }
  const runtime = await choose({ root: '/state', noPivot: true, noNewKeyring: true, systemdCgroup: true })
  await assert.rejects(runtime.create({ ...call, consoleSocket: '', loggerEnvironment: [] }), /used no launcher/)
  await choose({ binaryName: '/usr/bin/teu-runtime' })
  assert.deepEqual(inits, [{ root: '/state/ns', systemdCgroup: true }, { root: '/run/teu-runtime/ns' }])
  assert.deepEqual(creates, [{ noPivot: true, noNewKeyring: true }])
  await assert.rejects(choose({ systemdCgroup: true }, false), { code: 'not-implemented' })
})

for (const { binaryName } of runtimesUnderTest) {
  test(`IoUid and IoGid own the streams, with ${binaryName || 'our runtime'}`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const script = 'echo to its own >/dev/stdout; echo and the other >/dev/stderr'
    const made = await fixture.bundle({ args: ['sh', '-c', script], binaryName, user: 1234 })
    const bundle = withOptions(made, { binaryName, root: join(fixture.folder, 'runtime'), ioUid: 1234, ioGid: 99 })
    const { id } = bundle
    const output = Promise.all([readAll(bundle.stdout), readAll(bundle.stderr)])
    const task = await fixture.connect(bundle)
    await fixture.createTask(task, bundle)
    for (const path of [bundle.stdout, bundle.stderr]) {
      const { uid, gid } = statSync(path)
      assert.deepEqual({ uid, gid }, { uid: 1234, gid: 99 })
    }
    await task.start({ id, execId: '' })
    assert.equal((await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 0)
    assert.deepEqual((await output).map(String), ['to its own\n', 'and the other\n'])
    await task.delete({ id, execId: '' })
  })
}

test('ShimCgroup is where the shim and its monitors are', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const path = `${fixture.cgroup}-shim`
  const folders = readdirSync('/sys/fs/cgroup')
    .map((name) => join('/sys/fs/cgroup', name))
    .filter((folder) => existsSync(join(folder, 'cgroup.procs')))
    .map((folder) => join(folder, path))
  try {
    for (const folder of folders) {
      mkdirSync(folder)
      // A v1 cpuset takes nobody before it has processors and memory.
      for (const name of ['cpuset.cpus', 'cpuset.mems']) {
        if (existsSync(join(folder, name))) writeFileSync(join(folder, name), readFileSync(join(folder, '..', name)))
      }
    }
    const bundle = withOptions(await fixture.bundle({ args: ['true'] }), { shimCgroup: path })
    const task = await fixture.connect(bundle, { options: bundle.options })
    await fixture.createTask(task, bundle)
    const { shimPid } = await task.connect({ id: bundle.id })
    const lines = readFileSync(`/proc/${shimPid}/cgroup`, 'utf8').split('\n')
    assert.ok(
      lines.some((line) => line.endsWith(`pids:${path}`) || line === `0::${path}`),
      lines.join(' '),
    )
    await fixture.end({ task, id: bundle.id })

    const missing = withOptions(await fixture.bundle({ args: ['true'], annotations: group }), {
      shimCgroup: '/nowhere/x',
    })
    await assert.rejects(fixture.start(missing, { options: missing.options }), { message: /failed to load cgroup/ })
  } finally {
    fixture.killShims()
    await fixture.until(() => folders.every((folder) => readFileSync(join(folder, 'cgroup.procs'), 'utf8') === ''))
    for (const folder of folders) rmdirSync(folder)
  }
})

const group = { 'io.containerd.runc.v2.group': 'other' }

test('options of another shim are refused', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const made = await fixture.bundle({ args: ['true'] })
  const bundle = { ...made, options: { typeUrl: 'runtimeoptions.v1.Options', value: new Uint8Array() } }
  const task = await fixture.connect(bundle, { options: bundle.options })
  await assert.rejects(fixture.createTask(task, bundle), { code: 'invalid-argument', message: /runtimeoptions/ })
})

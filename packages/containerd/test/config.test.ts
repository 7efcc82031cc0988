// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { access, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { createContainerd, defaultConfig } from '../src/index.ts'
import { inTest, startDaemon } from './daemon.ts'

test('a configuration that would do nothing is refused before anything is made', async () => {
  const folder = join(tmpdir(), 'teu-never-made')
  const plugins = { 'io.containerd.differ.v1.walking': { workers: 0 } }
  await assert.rejects(createContainerd({ root: folder, state: folder, config: { plugins } }), {
    code: 'invalid-argument',
    message: 'configuration: plugins."io.containerd.differ.v1.walking".workers has to be an integer from 1 to 64, is 0',
  })
  await assert.rejects(access(folder), { code: 'ENOENT' })
})

test('a snapshotter keeps its trees where root_path says', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'teu-trees-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'trees')
  const plugins = { 'io.containerd.snapshotter.v1.native': { root_path: path } }
  const { services } = await startDaemon(t, { config: { plugins } })
  const request = { snapshotter: 'native', key: 'k', parent: '', labels: {} }
  const [mount] = (await services.snapshots.prepare(request, inTest)).mounts
  assert.ok(mount?.source.startsWith(`${path}/`), mount?.source)
  const { plugins: found } = await services.introspection.plugins({ filters: ['id==native'] })
  assert.deepEqual({ ...found[0]?.exports }, { root: path })
})

test('settings of plugins that are not there are said', async (t) => {
  const warnings: unknown[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (fields: object) => void warnings.push(fields) }
  const cri = { 'io.containerd.grpc.v1.cri': { sandbox_image: 'x' } }
  await startDaemon(t, { log, config: { plugins: { ...defaultConfig().plugins, ...cri } } })
  assert.deepEqual(warnings, [{ plugins: ['io.containerd.grpc.v1.cri'] }])
})

test('the program takes its oom_score from an imported file, and stops when its log has no reader', {
  timeout: 60_000,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'teu-program-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'config.toml')
  const main = `imports = ["more.toml"]\nroot = "${folder}/root"\nstate = "${folder}/state"\n`
  await writeFile(join(folder, 'more.toml'), 'oom_score = 321\n')
  await writeFile(file, `${main}[grpc]\naddress = "${folder}/c.sock"\n`)
  const program = join(import.meta.dirname, '../src/bin/teu-containerd.ts')
  const daemon = spawn(process.execPath, ['--conditions=teu-source', program, '-c', file])
  t.after(() => daemon.kill('SIGKILL'))
  for await (const chunk of daemon.stderr) if (String(chunk).includes('serving')) break
  assert.equal((await readFile(`/proc/${daemon.pid}/oom_score_adj`, 'utf8')).trim(), '321')
  daemon.kill('SIGTERM')
  assert.deepEqual(await once(daemon, 'exit'), [0, null])
})

test('the program enters the cgroup of its configuration, which is made', {
  timeout: 60_000,
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'teu-program-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const cgroup = `/${folder.slice(folder.lastIndexOf('/') + 1)}`
  const file = join(folder, 'config.toml')
  const main = `root = "${folder}/root"\nstate = "${folder}/state"\n[cgroup]\npath = "${cgroup}/daemon"\n`
  await writeFile(file, `${main}[grpc]\naddress = "${folder}/c.sock"\n`)
  const program = join(import.meta.dirname, '../src/bin/teu-containerd.ts')
  const daemon = spawn(process.execPath, ['--conditions=teu-source', program, '-c', file])
  t.after(() => daemon.kill('SIGKILL'))
  for await (const chunk of daemon.stderr) if (String(chunk).includes('serving')) break
  const lines = (await readFile(`/proc/${daemon.pid}/cgroup`, 'utf8')).trim().split('\n')
  const made = globSync(`/sys/fs/cgroup{,/*}${cgroup}/daemon`)
  assert.ok(made.length > 0)
  assert.equal(lines.filter((line) => line.endsWith(`:${cgroup}/daemon`)).length, made.length)
  daemon.kill('SIGTERM')
  assert.deepEqual(await once(daemon, 'exit'), [0, null])
  for (const path of made) {
    await rmdir(path)
    await rmdir(join(path, '..'))
  }
})

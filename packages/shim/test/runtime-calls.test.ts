// SPDX-License-Identifier: Apache-2.0
// Which command lines a runtime program gets in the life of a container: those of the original, call by call.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ociTypeUrls, packJson } from '@teu/shim-api'
import { testBesideOriginals } from '../../../scripts/originals.mjs'
import type { Bundle } from './bundles.ts'
import { execProcess } from './container-config.ts'
import { readAll } from './fifos.ts'
import { ShimFixture } from './shim-fixture.ts'
import { shimsUnderTest } from './shims-under-test.ts'

const runc = '/usr/sbin/runc'
const skip = process.getuid?.() === 0 ? false : 'needs root'
const shims = shimsUnderTest.filter(({ binaryName }) => binaryName === runc)
const nowhere = { stdin: '', stdout: '', stderr: '', terminal: false }

/** The lines with names in place of what differs from run to run, and without what each shim calls its own files. */
function plain(calls: string, { id, path }: Bundle, folder: string): string[] {
  return calls
    .replaceAll(path, 'BUNDLE')
    .replaceAll(folder, 'FOLDER')
    .replaceAll(id, 'ID')
    .replace(/--process \S+/g, '--process FILE')
    .replace(/--console-socket \S+/g, '--console-socket SOCKET')
    .replace(/--resources[ =]\S+/g, '--resources FILE')
    .trimEnd()
    .split('\n')
}

async function callsOf(binary: string | undefined): Promise<string[]> {
  await using fixture = await ShimFixture.create(binary)
  const calls = join(fixture.folder, 'calls')
  const program = join(fixture.folder, 'noting-runtime')
  writeFileSync(program, `#!/bin/sh\necho "$@" >>${calls}\nexec ${runc} "$@"\n`, { mode: 0o755 })
  const { bundle, id, task } = await fixture.run({ args: ['sleep', '1000'], binaryName: program }, nowhere)
  const exec = async (execId: string, args: string[], terminal: boolean) => {
    // The original takes no terminal whose output goes nowhere.
    const stdout = terminal ? bundle.stdout : ''
    await task.exec({ id, execId, ...nowhere, stdout, terminal, spec: execProcess(args, terminal) })
    await task.start({ id, execId })
  }
  await exec('e', ['sleep', '1000'], false)
  const output = readAll(bundle.stdout)
  await exec('t', ['true'], true)
  await task.wait({ id, execId: 't' }, { timeoutMs: 10_000 })
  await output
  await task.pause({ id })
  await task.resume({ id })
  const resources = packJson(ociTypeUrls.linuxResources, { pids: { limit: 77 } })
  await task.update({ id, resources, annotations: {} })
  await task.pids({ id })
  await task.kill({ id, execId: 'e', signal: 9, all: false })
  await task.wait({ id, execId: 'e' }, { timeoutMs: 10_000 })
  await task.kill({ id, execId: '', signal: 10, all: false })
  await task.kill({ id, execId: '', signal: 9, all: true })
  await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })
  await task.delete({ id, execId: 'e' })
  await task.delete({ id, execId: 't' })
  await task.delete({ id, execId: '' })
  const lines = plain(readFileSync(calls, 'utf8'), bundle, fixture.folder)
  const global = '--root FOLDER/runtime/test --log BUNDLE/log.json --log-format json '
  for (const line of lines) assert.ok(line.startsWith(global), line)
  return lines.map((line) => line.slice(global.length))
}

for (const { name, binary } of shims) {
  testBesideOriginals(
    `${name}, ${binary === undefined ? 'ours' : 'original'}: each call of a task is this call of the runtime`,
    {
      skip,
    },
    async () => {
      assert.deepEqual(await callsOf(binary), [
        'create --bundle BUNDLE --pid-file BUNDLE/init.pid ID',
        'start ID',
        'exec --process FILE --detach --pid-file BUNDLE/e.pid ID',
        'exec --process FILE --console-socket SOCKET --detach --pid-file BUNDLE/t.pid ID',
        'pause ID',
        'resume ID',
        'update --resources FILE ID',
        'ps --format json ID',
        'kill ID 10',
        'kill --all ID 9',
        'delete ID',
      ])
    },
  )
}

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CreateTaskRequest } from '@teu/shim-api'
import type { BundleList } from '../bootstrap/bundle-list.ts'
import { recordFolder, saveProcess } from '../process/process-record.ts'
import { newProcessRecord } from '../process/shim-process.ts'
import { saveContainer } from './container-record.ts'
import type { CreateSurroundings } from './create-container.ts'
import { ContainerRegistry } from './registry.ts'

const nobody = { binaryName: '', root: '', systemdCgroup: false, noPivot: false, noNewKeyring: false }

/** A bundle whose container has not been started. */
function bundleOf(id: string): string {
  const bundle = mkdtempSync(join(tmpdir(), 'teu-registry-'))
  mkdirSync(join(bundle, recordFolder))
  const record = { version: 1, id, namespace: 'test', runtime: nobody, sharedPids: false, mounted: false } as const
  saveContainer(bundle, { ...record, socket: join(bundle, 'sock') })
  const streams = { stdin: '', stdout: '', stderr: '', terminal: false }
  saveProcess(bundle, { ...newProcessRecord('', streams), state: 'stopped' })
  return bundle
}

test('a name is taken until the link of the container that had it is gone', { timeout: 10_000 }, async () => {
  const bundle = bundleOf('one')
  try {
    const removal = Promise.withResolvers<void>()
    const added: string[] = []
    const list = {
      list: async () => [{ id: 'one', bundle }],
      add: async (id: string) => void added.push(id),
      remove: () => removal.promise,
    } as unknown as BundleList
    const library = async () => ({ createRuntime: () => ({}) })
    const surroundings = { namespace: 'test', path: '', socket: join(bundle, 'sock'), library } as unknown
    const registry = new ContainerRegistry(list, surroundings as CreateSurroundings)
    await registry.recover()
    const container = registry.get('one')
    container.init.move('delete')
    const forgotten = registry.forget(container)
    assert.throws(() => registry.get('one'), { code: 'not-found' })
    const request = CreateTaskRequest.fromPartial({ id: 'one', bundle })
    await assert.rejects(registry.create(request, undefined), { code: 'already-exists' })
    assert.deepEqual(added, [], 'the link of a new container is not made while the old one is being removed')
    removal.resolve()
    await forgotten
    assert.equal(registry.size, 0)
  } finally {
    rmSync(bundle, { recursive: true })
  }
})

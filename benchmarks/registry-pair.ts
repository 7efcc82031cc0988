// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs'
import type { Daemon } from '../e2e/harness/originals.ts'
import { type Sandbox, until } from '../e2e/harness/sandbox.ts'

/** A registry that answers, and its address. */
export interface Registry extends Pick<Daemon, 'process'> {
  address: string
}

/** Ours, on what is below `teu-registry` of the sandbox. */
export async function startOurs(sandbox: Sandbox): Promise<Registry> {
  const address = '127.0.0.1:5001'
  const args = ['serve', '--addr', address, '--root', sandbox.path('teu-registry')]
  return answering(sandbox, { process: sandbox.daemon('teu-registry', 'teu-registry', args), address })
}

/** Debian's, on what is below `docker-registry` of the sandbox. */
export async function startOriginal(sandbox: Sandbox): Promise<Registry> {
  const address = '127.0.0.1:5002'
  const config = sandbox.path('bench-registry.yml')
  const storage = `{filesystem: {rootdirectory: ${sandbox.path('docker-registry')}}}`
  writeFileSync(config, `version: 0.1\nlog: {level: error}\nstorage: ${storage}\nhttp: {addr: '${address}'}\n`)
  return answering(sandbox, {
    process: sandbox.daemon('bench-registry', 'docker-registry', ['serve', config]),
    address,
  })
}

async function answering(sandbox: Sandbox, registry: Registry): Promise<Registry> {
  const url = `http://${registry.address}/v2/`
  await until(`${url} answers`, async () => (await sandbox.run('curl', ['-sf', url])).status === 0)
  return registry
}

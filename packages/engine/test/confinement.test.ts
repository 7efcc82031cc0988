// SPDX-License-Identifier: Apache-2.0
// AppArmor as a container sees it; the kernel's part is played.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Spec } from '@teu/oci-spec/runtime'
import { TestEngine } from './doubles/test-engine.ts'

function machine(hasDefault: boolean, failure?: string) {
  const loads: string[] = []
  const ensureDefault = async () => {
    if (failure !== undefined) throw new Error(failure)
    loads.push('docker-default')
  }
  return { loads, host: { appArmor: true }, appArmor: { hasDefault, ensureDefault } }
}

async function profileOf(engine: TestEngine, hostConfig: object): Promise<[string | undefined, string]> {
  const id = await engine.create(['sleep'], { HostConfig: hostConfig })
  await engine.client.containerStart(id)
  const value = engine.containerd.containers.get(id)?.spec?.value ?? []
  const spec = JSON.parse(Buffer.from(value).toString()) as Spec
  return [spec.process?.apparmorProfile, (await engine.client.containerInspect(id)).AppArmorProfile]
}

test('where the kernel has AppArmor, containers run under the profile they name, or the default one', async (t) => {
  const host = machine(true)
  const engine = await TestEngine.start(t, host)
  assert.deepEqual(await profileOf(engine, {}), ['docker-default', 'docker-default'])
  assert.deepEqual(await profileOf(engine, { SecurityOpt: ['apparmor=docker-default'] }), [
    'docker-default',
    'docker-default',
  ])
  assert.equal(host.loads.length, 2)
  assert.deepEqual(await profileOf(engine, { SecurityOpt: ['apparmor=mine'] }), ['mine', 'mine'])
  assert.deepEqual(await profileOf(engine, { SecurityOpt: ['apparmor=unconfined'] }), ['unconfined', 'unconfined'])
  assert.deepEqual(await profileOf(engine, { Privileged: true }), ['unconfined', 'unconfined'])
  assert.deepEqual(await profileOf(engine, { Privileged: true, SecurityOpt: ['apparmor=mine'] }), ['mine', 'mine'])
  assert.equal(host.loads.length, 2)
  assert.ok((await engine.client.info()).SecurityOptions.includes('name=apparmor'))
})

test('a default profile that cannot be loaded fails the start, and one that never could be confines nothing', async (t) => {
  const broken = await TestEngine.start(t, machine(true, 'the default profile could not be loaded'))
  const id = await broken.create(['sleep'])
  await assert.rejects(broken.client.containerStart(id), /the default profile could not be loaded/)
  assert.equal(broken.network.places.size, 0)
  const without = await TestEngine.start(t, machine(false))
  assert.deepEqual(await profileOf(without, {}), [undefined, ''])
  assert.equal((await without.client.info()).SecurityOptions.includes('name=apparmor'), false)
})

test('where the kernel has none, a profile is refused and nothing is claimed', async (t) => {
  const engine = await TestEngine.start(t, { host: { appArmor: false } })
  assert.deepEqual(await profileOf(engine, {}), [undefined, ''])
  await assert.rejects(
    engine.create(['sleep'], { HostConfig: { SecurityOpt: ['apparmor=mine'] } }),
    /AppArmor is not enabled on this host: --security-opt apparmor=mine cannot be applied/,
  )
  assert.equal((await engine.client.info()).SecurityOptions.includes('name=apparmor'), false)
})

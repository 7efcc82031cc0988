// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseShimArguments } from '@teu/shim-api'
import { addressOfGroup } from '../commands/surroundings.ts'
import { groupOfAnnotations } from './grouping.ts'
import { shimAddress, wholeNamespace } from './shim-address.ts'

test('the group annotation of runc counts before the sandbox of Kubernetes', () => {
  const runc = 'io.containerd.runc.v2.group'
  const cri = 'io.kubernetes.cri.sandbox-id'
  assert.equal(groupOfAnnotations({ [runc]: 'a', [cri]: 'b' }), 'a')
  assert.equal(groupOfAnnotations({ [cri]: 'b' }), 'b')
  assert.equal(groupOfAnnotations({ [runc]: '', [cri]: 5 }), '')
  for (const none of [undefined, null, 'x', {}]) assert.equal(groupOfAnnotations(none), '')
})

test('a shim is beside its containerd, one for a namespace and one for each group', () => {
  const at = (address: string, namespace: string, group: string) => shimAddress(address, namespace, group, {}).socket
  const whole = at('/run/containerd/containerd.sock', 'moby', wholeNamespace)
  assert.match(whole, /^\/run\/containerd\/s\/[0-9a-f]{64}$/)
  assert.equal(at('unix:///run/containerd/containerd.sock', 'moby', wholeNamespace), whole)
  const others = [
    at('/run/containerd/containerd.sock', 'k8s.io', wholeNamespace),
    at('/run/containerd/containerd.sock', 'moby', 'pod'),
    at('/run/containerd/other.sock', 'moby', wholeNamespace),
  ]
  assert.equal(new Set([whole, ...others]).size, 4)
  assert.equal(shimAddress('/a/b.sock', 'n', 'c', { TEU_SHIM_STATE: '/x' }).folder, '/x')
  assert.equal(shimAddress(`/${'x'.repeat(90)}/c.sock`, 'n', 'c', {}).folder, '/run/teu/s')
  assert.equal(shimAddress('tcp://1.2.3.4', 'n', 'c', {}).folder, '/run/teu/s')
})

test('only who asks for it has one shim for a namespace; a group is one in any case', () => {
  const at = (id: string, group: string, env: Record<string, string> = {}) => {
    const arguments_ = parseShimArguments(['-namespace', 'n', '-address', '/run/c.sock', '-id', id, 'start'])
    return addressOfGroup({ arguments: arguments_, env, runtimeLibrary: async () => undefined }, group).socket
  }
  const ours = { TEU_SHIM_SERVES: 'namespace' }
  assert.equal(at('a', '', ours), at('b', '', ours))
  assert.notEqual(at('a', ''), at('b', ''))
  assert.notEqual(at('a', '', { TEU_SHIM_SERVES: 'everybody' }), at('a', '', ours))
  assert.equal(at('a', 'pod'), at('b', 'pod', ours))
  // The container after which a pod is called is in it, as with the original.
  assert.equal(at('pod', ''), at('b', 'pod'))
})

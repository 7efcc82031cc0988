// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupOfAnnotations } from './grouping.ts'
import { shimAddress } from './shim-address.ts'

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
  const whole = at('/run/containerd/containerd.sock', 'moby', '')
  assert.match(whole, /^\/run\/containerd\/s\/[0-9a-f]{64}$/)
  assert.equal(at('unix:///run/containerd/containerd.sock', 'moby', ''), whole)
  const others = [
    at('/run/containerd/containerd.sock', 'k8s.io', ''),
    at('/run/containerd/containerd.sock', 'moby', 'pod'),
    at('/run/containerd/other.sock', 'moby', ''),
  ]
  assert.equal(new Set([whole, ...others]).size, 4)
  assert.equal(shimAddress('/a/b.sock', 'n', '', { TEU_SHIM_STATE: '/x' }).folder, '/x')
  assert.equal(shimAddress(`/${'x'.repeat(90)}/c.sock`, 'n', '', {}).folder, '/run/teu/s')
  assert.equal(shimAddress('tcp://1.2.3.4', 'n', '', {}).folder, '/run/teu/s')
})

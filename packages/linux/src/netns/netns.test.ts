// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { sysctlPath } from './netns.ts'

test('a sysctl key becomes a file below /proc/sys and nowhere else', () => {
  assert.equal(sysctlPath('net.ipv4.ip_forward'), '/proc/sys/net/ipv4/ip_forward')
  assert.equal(sysctlPath('net/ipv4/conf/eth0.1/rp_filter'), '/proc/sys/net/ipv4/conf/eth0.1/rp_filter')
  for (const key of ['', '..', '../x', 'net/../../x', '/etc/passwd', 'net..x', 'net/']) {
    assert.throws(() => sysctlPath(key), /invalid sysctl key/, key)
  }
})

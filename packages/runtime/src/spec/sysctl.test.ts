// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSpec } from './default-spec.ts'
import { checkSysctls, sysctlFile } from './sysctl.ts'

test('both spellings name the same file', () => {
  assert.equal(sysctlFile('net.ipv4.ip_forward'), 'sys/net/ipv4/ip_forward')
  assert.equal(sysctlFile('net/ipv4/ip_forward'), 'sys/net/ipv4/ip_forward')
  assert.equal(sysctlFile('net/ipv4/conf/eth0.1/forwarding'), 'sys/net/ipv4/conf/eth0.1/forwarding')
  assert.equal(sysctlFile('net.ipv4.conf.eth0/1.forwarding'), 'sys/net/ipv4/conf/eth0.1/forwarding')
})

test('a name that leads elsewhere is refused', () => {
  for (const key of ['net/../kernel/x', '..', 'net..x', '/etc/passwd', 'net//x', '', 'net/./x']) {
    assert.throws(() => sysctlFile(key), /is not a parameter's name/, key)
  }
})

test('a parameter needs the namespace that it belongs to', () => {
  const check = (key: string, without: string[] = []) => {
    const spec = defaultSpec()
    spec.linux = {
      ...spec.linux,
      sysctl: { [key]: '1' },
      namespaces: spec.linux?.namespaces?.filter(({ type }) => !without.includes(type)) ?? [],
    }
    return () => checkSysctls(spec)
  }
  for (const key of ['net.x', 'kernel.msgmax', 'kernel.shm_rmid_forced', 'fs.mqueue.msg_max', 'kernel.domainname']) {
    assert.doesNotThrow(check(key), key)
  }
  assert.throws(check('net.x', ['network']), /not allowed in host network namespace/)
  assert.throws(check('kernel.msgmax', ['ipc']), /not allowed in the hosts ipc namespace/)
  assert.throws(check('kernel.domainname', ['uts']), /not in a separate kernel namespace/)
  assert.throws(check('kernel.hostname'), /conflicts with the OCI "hostname" field/)
  assert.throws(check('vm.swappiness'), /not in a separate kernel namespace/)
})
